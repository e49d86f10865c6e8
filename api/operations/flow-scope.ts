import { createAlertCells } from '../../alerts/book/book-cells.ts'
import { dayMs } from '../../core/clock.ts'
import type { FlowScope, SmallNumbers } from '../../flow/scope.ts'
import type { SmallKind } from '../../flow/small/town.ts'
import { may, seesSmallNumbers } from '../roles.ts'
import type { Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import { createTownReader } from './town.ts'

type Parts = Pick<OperationParts, 'registry' | 'minCount' | 'defaultZone' | 'clock' | 'alerts'> &
  Partial<Pick<OperationParts, 'store' | 'retention' | 'toldDays'>>

/** Limits to what a user may know of the flow. */
export function createFlowScopes(parts: Parts) {
  const { registry, minCount, defaultZone, clock, alerts: book, store, retention, toldDays } = parts
  const alerts = book && createAlertCells(book)
  const townNow = createTownReader(registry)

  /** A day whose rows are about to be deleted is not shown while that goes on. */
  async function kept(kind: SmallKind): ReturnType<NonNullable<SmallNumbers['kept']>> {
    const days = retention?.days[kind]
    const due = days === undefined ? Number.NEGATIVE_INFINITY : retention!.startOfDay(clock() - days * dayMs)
    const rows = await store?.summaries?.rowsSince(kind)
    return { since: Math.max(due, rows ?? Number.NEGATIVE_INFINITY), hasSums: rows !== undefined }
  }

  return ({ role, sites }: Viewer): FlowScope => {
    const { known, open, places, households } = townNow()
    const seesAll = seesSmallNumbers(role)
    const scope = {
      ...(sites === undefined ? {} : { sites }),
      ...(alerts !== undefined && may(role, 'alerts.read') ? { alerts } : {}),
      places: seesAll ? known : open,
      now: clock(),
    }
    if (seesAll) return scope
    const town = { places, households, known }
    const told = toldDays === undefined ? {} : { told: toldDays }
    return {
      ...scope,
      smallNumbers: { k: minCount, zone: defaultZone, now: clock(), ...town, ...told, kept },
    }
  }
}
