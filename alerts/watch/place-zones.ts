import type { Registry } from '../../devices/registry/registry.ts'
import type { FindingPlace } from '../rules/rule.ts'

/** Zone in which people at a place tell the time: that of the site's first device. Cached until the registry changes. */
export function createPlaceZones(registry: Pick<Registry, 'list' | 'version'>, fallback: string) {
  let zones = new Map<string, string>()
  let asOf = -1
  return ({ site }: FindingPlace): string => {
    const version = registry.version()
    if (version !== asOf) {
      asOf = version
      zones = new Map(registry.list().toReversed().map(device => [device.site, device.zone])) // biome-ignore format: one thing
    }
    return zones.get(site ?? '') ?? fallback
  }
}
