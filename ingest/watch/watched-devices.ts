import type { DeviceId } from '../../core/words.ts'
import type { Registry } from '../../devices/registry/registry.ts'

/** Devices that are enrolled and enabled. Asked for each record, so what the registry says is remembered until it changes. */
export function createWatchedDevices(registry: Pick<Registry, 'get' | 'version'>) {
  const known = new Map<DeviceId, { readonly enabled: boolean; readonly household: boolean }>()
  let asOf = -1

  function of(device: DeviceId) {
    let found = known.get(device)
    if (found === undefined) {
      const { enabled = false, household = false } = registry.get(device) ?? {}
      found = { enabled, household }
      known.set(device, found)
    }
    return found
  }

  return {
    /** Looks whether the registry has changed. */
    version(): number {
      const version = registry.version()
      if (version !== asOf) known.clear()
      asOf = version
      return version
    },
    isWatched: (device: DeviceId) => of(device).enabled,
    isHousehold: (device: DeviceId) => of(device).household,
  }
}
