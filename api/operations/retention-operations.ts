import { dayMs, hourMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import type { PlaceFilter, StoreStats } from '../../ingest/store/store.ts'
import { seesSmallNumbers } from '../roles.ts'
import { operator, type Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'
import { createCoarse } from './retention-coarse.ts'
import type { Overdue, RetentionOperations } from './retention-view.ts'

/** Deleting begins once an hour, and takes some time. */
const graceMs = 2 * hourMs

export function createRetentionOperations(
  { store, retention, clock }: OperationParts,
  { role }: Pick<Viewer, 'role'> = operator,
): RetentionOperations {
  const coarse = seesSmallNumbers(role) ? undefined : retention && createCoarse(retention.startOfDay)

  function parts() {
    if (store !== undefined && retention !== undefined) return { store, ...retention }
    throw new LintelError('STORE_UNAVAILABLE', 'this is a gateway alone: ask the centre that it reports to')
  }

  return {
    async retention() {
      const { store, deletions, days, pictures } = parts()
      const stats = await store.stats()
      const latest = deletions.latest()
      const held = new Map(deletions.held().map(one => [one.kind, one]))
      const rows = await Promise.all(
        Object.entries(stats.rows).map(async ([name, n]) => {
          const kind = name as StoredKind
          const [oldestAt, kept, last] = [await store.oldest(kind), days[kind], latest.get(kind)]
          return {
            kind,
            rows: n,
            bytes: shareOf(stats, kind),
            ...(oldestAt === undefined ? {} : { oldestAt }),
            ...(kept === undefined ? {} : { days: kept }),
            ...(last === undefined ? {} : { last }),
            ...(held.has(kind) ? { held: held.get(kind)! } : {}),
          }
        }),
      )
      const view = { rows, pictures: await pictures(clock()) }
      return coarse?.view(view) ?? view
    },
    async listDeletions({ limit, after }) {
      const listed = parts().deletions.list(limit, after)
      return coarse === undefined ? listed : listed.map(coarse.deletion)
    },
    async verifyRetention() {
      const { store, days, startOfDay, pictures } = parts()
      const overdue: Overdue[] = []
      for (const kind of storedKinds) {
        const kept = days[kind]
        if (kept === undefined) continue
        const limit = startOfDay(clock() - kept * dayMs)
        const oldestAt = await store.oldest(kind)
        if (oldestAt !== undefined && oldestAt < startOfDay(clock() - graceMs - kept * dayMs))
          overdue.push({ what: kind, limit, oldestAt })
      }
      for (const { stage, keepMs, oldestAt, overdue: files } of await pictures(clock()))
        if (files > 0) overdue.push({ what: stage, limit: clock() - keepMs!, oldestAt: oldestAt! })
      return coarse?.overdue(overdue) ?? overdue
    },
    allowDeletion: async kind => parts().deletions.allow(kind),
    async eraseRows({ of, before }) {
      if (Object.keys(of).length === 0)
        throw new LintelError('API_REQUEST_INVALID', 'say of which site, building, point or device')
      assertNamed(of)
      return parts().erase(of, before)
    },
  }
}

/** Buildings and points of other sites may have the same name, and erased rows do not come back. */
function assertNamed({ site, building, point, device }: PlaceFilter): void {
  if (device !== undefined) return
  const missing = site === undefined ? 'site' : point !== undefined && building === undefined ? 'building' : undefined
  if (missing === undefined) return
  const named = point === undefined ? `building ${building}` : `point ${point}`
  throw new LintelError('API_REQUEST_INVALID', `say of which ${missing}, too: there may be a ${named} in another`)
} // biome-ignore format: long lines

/** Estimated bytes of a kind's rows. */
function shareOf({ rows, bytes }: StoreStats, kind: StoredKind): number {
  const weights = Object.entries(rows).map(([name, n]) => [name, n * widths[name as StoredKind]] as const)
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0)
  return all === 0 ? 0 : Math.round((bytes * rows[kind] * widths[kind]) / all)
}

/** Bytes of a stored row: measured for passages (docs/decisions/0002), estimated from the columns for the others. */
const widths: Readonly<Record<StoredKind, number>> = {
  passage: 9,
  door: 9,
  vehicle: 10,
  tamper: 8,
  health: 20,
  status: 8,
  sighting: 24,
}
