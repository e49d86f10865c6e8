import type { DeviceId, Place } from '../../core/words.ts'
import { standsAt } from '../../devices/registry/device.ts'
import type { Registry } from '../../devices/registry/registry.ts'

interface Watched {
  readonly enabled: boolean
  readonly household: boolean
  readonly place?: Place
}

/** Devices that are enrolled and enabled. Asked for each record, so what the registry says is cached until it changes. */
export function createWatchedDevices(registry: Pick<Registry, 'get' | 'version'>) {
  const known = new Map<DeviceId, Watched>()
  let asOf = -1

  function read(device: DeviceId): Watched {
    const enrolled = registry.get(device)
    if (enrolled === undefined) return { enabled: false, household: false }
    const { enabled, household = false } = enrolled
    return { enabled, household, place: standsAt(enrolled) }
  }

  function of(device: DeviceId): Watched {
    let found = known.get(device)
    if (found === undefined) {
      found = read(device)
      known.set(device, found)
    }
    return found
  }

  return {
    /** Checks whether the registry has changed. */
    version(): number {
      const version = registry.version()
      if (version !== asOf) known.clear()
      asOf = version
      return version
    },
    isWatched: (device: DeviceId) => of(device).enabled,
    isHousehold: (device: DeviceId) => of(device).household,
    /** Undefined for a device that is not enrolled. */
    placeOf: (device: DeviceId) => of(device).place,
  }
}
