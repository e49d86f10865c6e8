import type { DeviceId } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import type { Registry } from '../../devices/registry/registry.ts'

/** What the registry here knows of the devices that the centre is told of. */
export function createTold(registry: Pick<Registry, 'remembered'>) {
  /** Answers by device: what is a gateway stays one. */
  const told = new Map<DeviceId, boolean>()

  return {
    /** A gateway that reports here has an account of its own here: what it says of itself ends here. */
    isTold(device: DeviceId): boolean {
      let answer = told.get(device)
      if (answer === undefined) {
        answer = registry.remembered(device)?.kind !== 'gateway'
        told.set(device, answer)
      }
      return answer
    },
    /** Of the device, beside where it stands. */
    ofDevice(device: DeviceId): Pick<AnnouncedPlace, 'kind' | 'household'> {
      const { kind, household } = registry.remembered(device) ?? {}
      return { kind: kind === 'checkpoint' ? kind : 'terminal', ...(household ? { household } : {}) }
    },
  }
}
