import type { FlowScope, SmallNumbers } from '../../flow/scope.ts'
import { seesSmallNumbers } from '../roles.ts'
import type { Viewer } from '../viewer.ts'
import type { OperationParts } from './operation-parts.ts'

type Town = Required<Pick<SmallNumbers, 'places' | 'households'>>
type Parts = Pick<OperationParts, 'registry' | 'minCount' | 'defaultZone' | 'clock'>

/** What of the flow one may know. */
export function createFlowScopes({ registry, minCount, defaultZone, clock }: Parts) {
  let town: (Town & { readonly version: number }) | undefined

  /** Read anew when the registry has changed. */
  function townNow(): Town {
    const version = registry.version()
    if (town?.version !== version) town = { version, ...townOf(registry) }
    return { places: town.places, households: town.households }
  }

  return ({ role, sites }: Viewer): FlowScope => {
    const siteMember = sites === undefined ? {} : { sites }
    if (seesSmallNumbers(role)) return siteMember
    return { ...siteMember, smallNumbers: { k: minCount, zone: defaultZone, now: clock(), ...townNow() } }
  }
}

/** Also where nothing stands any more: what was counted there is still asked for. */
function townOf(registry: Parts['registry']): Town {
  const places = new Map<string, Town['places'][number]>()
  const households: Town['households'][number][] = []
  for (const { device, site, building } of registry.places()) {
    const { kind, household } = registry.get(device) ?? {}
    if (kind === undefined || kind === 'gateway') continue
    // No name holds a slash.
    if (household) households.push({ device, site })
    else places.set(`${kind}/${site}/${building}`, { site, building, kind })
  }
  return { places: [...places.values()], households }
}
