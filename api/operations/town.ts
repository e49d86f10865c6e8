import type { Place } from '../../core/words.ts'
import { isAtPoint } from '../../devices/registry/device.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { KnownPlace } from '../../flow/scope.ts'
import { type HouseholdDoor, placeName, type StandingPlace } from '../../flow/small/town.ts'

/** Every place where anything ever stood, even if nothing stands there now: its counts are still asked for. */
export interface Town {
  readonly known: readonly Place[]
  /** Places for users who see no small numbers: of a household's door, only the site. */
  readonly open: readonly KnownPlace[]
  /** Buildings with more than household doors, by what stands there. */
  readonly places: readonly StandingPlace[]
  readonly households: readonly HouseholdDoor[]
}

/** Read again after the registry has changed. */
export function createTownReader(registry: Pick<Registry, 'version' | 'places' | 'remembered'>): () => Town {
  let town: (Town & { readonly version: number }) | undefined
  return () => {
    const version = registry.version()
    if (town?.version !== version) town = { version, ...townOf(registry) }
    return town
  }
}

function townOf(registry: Pick<Registry, 'places' | 'remembered'>): Town {
  const places = new Map<string, StandingPlace>()
  const households = new Map<string, HouseholdDoor>()
  const open: KnownPlace[] = []
  const known = registry.places()
  for (const place of known) {
    const { device, site, building } = place
    const { kind, household } = registry.remembered(device) ?? {}
    if (household) {
      households.set(`${device}/${site}`, { device, site })
      open.push({ site })
      continue
    }
    open.push(place)
    if (kind !== undefined && isAtPoint(kind))
      places.set(`${kind}/${placeName({ site, building })}`, { site, building, kind })
  }
  return { known, open, places: [...places.values()], households: [...households.values()] }
}
