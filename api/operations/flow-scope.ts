import { isAtPoint } from '../../devices/registry/device.ts'
import type { FlowScope, KnownPlace, SmallNumbers } from '../../flow/scope.ts'
import { createAlertCells } from '../../ingest/alert/book-cells.ts'
import { may, seesSmallNumbers } from '../roles.ts'
import type { Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'

type Town = Required<Pick<SmallNumbers, 'places' | 'households'>> & { readonly known: readonly KnownPlace[] }
type Parts = Pick<OperationParts, 'registry' | 'minCount' | 'defaultZone' | 'clock' | 'alerts'>

/** What of the flow one may know. */
export function createFlowScopes({ registry, minCount, defaultZone, clock, alerts: book }: Parts) {
  const alerts = book && createAlertCells(book)
  let town: (Town & { readonly version: number }) | undefined

  /** Read anew when the registry has changed. */
  function townNow(): Town {
    const version = registry.version()
    if (town?.version !== version) town = { version, ...townOf(registry) }
    return town
  }

  return ({ role, sites }: Viewer): FlowScope => {
    const { known, places, households } = townNow()
    const scope = {
      ...(sites === undefined ? {} : { sites }),
      ...(alerts !== undefined && may(role, 'alerts.read') ? { alerts } : {}),
      places: known,
    }
    if (seesSmallNumbers(role)) return scope
    return { ...scope, smallNumbers: { k: minCount, zone: defaultZone, now: clock(), places, households } }
  }
}

/** Also where nothing stands any more: what was counted there is still asked for. */
function townOf(registry: Parts['registry']): Town {
  const places = new Map<string, Town['places'][number]>()
  const households: Town['households'][number][] = []
  const known = registry.places()
  for (const { device, site, building } of known) {
    const { kind, household } = registry.get(device) ?? {}
    if (kind === undefined || !isAtPoint(kind)) continue
    // No name holds a slash.
    if (household) households.push({ device, site })
    else places.set(`${kind}/${site}/${building}`, { site, building, kind })
  }
  return { known, places: [...places.values()], households }
}
