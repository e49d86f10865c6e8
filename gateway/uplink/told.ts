import { LintelError } from '../../core/errors.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import type { Registry } from '../../devices/registry/registry.ts'

/** What the registry here knows of the devices that the centre is told of. */
export function createTold(registry: Pick<Registry, 'get' | 'place'>, onFault: (error: unknown) => void) {
  const lost = new Set<number>()
  /** Answers by place: it belongs to one device, and never changes. */
  const told = new Map<number, boolean>()

  function look(device: DeviceId, place: number): boolean {
    if (registry.place(place) === undefined) {
      if (lost.has(place)) return false
      lost.add(place)
      onFault(
        new LintelError(
          'JOURNAL_CORRUPT',
          `records name place ${place}, which is not known; they are not sent`,
        ),
      )
      return false
    }
    // A gateway that reports here has an account of its own here: what it says of itself ends here.
    const isTold = registry.get(device)?.kind !== 'gateway'
    told.set(place, isTold)
    return isTold
  }

  return {
    isTold: (device: DeviceId, place: number): boolean => told.get(place) ?? look(device, place),
    placeOf: (place: number): Place => registry.place(place)!,
    /** Of the device, beside where it stands. */
    ofDevice(device: DeviceId): Pick<AnnouncedPlace, 'kind' | 'household'> {
      const { kind, household } = registry.get(device) ?? {}
      return { kind: kind === 'checkpoint' ? kind : 'terminal', ...(household ? { household } : {}) }
    },
  }
}
