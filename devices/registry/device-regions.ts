import { faultOfRegions, type Regions } from '../../config/regions.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { DeviceId } from '../../core/words.ts'

/** Masks and zones of devices' pictures. Any process may read; the one that holds the state may set. */
export interface DeviceRegions {
  of(device: DeviceId): Regions | undefined
  /** Throws DEVICE_INVALID, and names the wrong member. */
  set(device: DeviceId, regions: unknown): Promise<void>
  clear(device: DeviceId): Promise<void>
}

export function createDeviceRegions(state: State): DeviceRegions {
  const table = state.table<Regions>('regions')
  return {
    of: device => table.get(device),
    async set(device, regions) {
      const fault = faultOfRegions(regions)
      if (fault !== undefined) throw new LintelError('DEVICE_INVALID', fault)
      await state.transact(() => table.put(device, regions as Regions))
    },
    clear: device => state.transact(() => table.remove(device)),
  }
}
