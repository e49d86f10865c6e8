import type { DeviceId } from '../../core/words.ts'
import type { AnnouncedPlace } from '../../devices/contract/gateway-messages.ts'
import type { Announced } from '../../devices/registry/announcement.ts'

/** Takes down where the devices of a gateway stand. The process that holds the state does it. */
export interface Enroller {
  /**
   * Resolves once it is on disk, or can never be. Rejects with API_UNAVAILABLE while nobody can take it down: then
   * nothing has changed, and the same may be said again.
   */
  announce(gateway: DeviceId, device: DeviceId, place: AnnouncedPlace): Promise<Announced>
}
