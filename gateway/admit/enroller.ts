import type { DeviceId } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import type { Announced } from '../../devices/registry/announcement.ts'

/** Records where the devices of a gateway stand. Only the process that holds the state can do it. */
export interface Enroller {
  /**
   * Resolves once it is on disk, or is refused for ever. Rejects with API_UNAVAILABLE while it cannot be recorded:
   * nothing has changed then, and the gateway may announce the same again.
   */
  announce(gateway: DeviceId, device: DeviceId, place: AnnouncedPlace): Promise<Announced>
}
