import type { DeviceId } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import type { Registry } from '../../devices/registry/registry.ts'

/** Facts of the registry here about the devices that the centre is told about. */
export function createTold(registry: Pick<Registry, 'remembered'>) {
  /** Answers by device: a gateway stays one. */
  const told = new Map<DeviceId, boolean>()

  return {
    /** False for a gateway that reports here: it has an account only here, so its own records are not passed on. */
    isTold(device: DeviceId): boolean {
      let answer = told.get(device)
      if (answer === undefined) {
        answer = registry.remembered(device)?.kind !== 'gateway'
        told.set(device, answer)
      }
      return answer
    },
    /** Facts about the device that are told with its place. */
    ofDevice(device: DeviceId): Pick<AnnouncedPlace, 'kind' | 'household'> {
      const { kind, household } = registry.remembered(device) ?? {}
      return { kind: kind === 'checkpoint' ? kind : 'terminal', ...(household ? { household } : {}) }
    },
  }
}
