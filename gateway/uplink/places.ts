import type { DeviceId, Place } from '../../core/words.ts'
import { isSamePlace } from '../../devices/registry/device.ts'
import type { Draft } from './draft.ts'

/**
 * The places of our devices that the centre has heard on this connection. A place is told before the first message of a
 * device, and again when a record comes from another place than the last one.
 */
export class Places {
  readonly #draft: (device: DeviceId, place: Place) => Draft
  readonly #heard = new Map<DeviceId, Place>()
  readonly #asked = new Set<DeviceId>()
  #waiting: Draft[] = []

  constructor(draft: (device: DeviceId, place: Place) => Draft) {
    this.#draft = draft
  }

  /** True if the centre has heard the place; if not, it is queued to be told. */
  readonly isAnnounced = (device: DeviceId, place: Place): boolean => {
    if (this.#asked.has(device)) return false
    const heard = this.#heard.get(device)
    if (heard !== undefined && isSamePlace(heard, place)) return true
    this.#asked.add(device)
    this.#waiting.push(this.#draft(device, place))
    return false
  }

  next(): Draft | undefined {
    return this.#waiting.shift()
  }

  acked({ device, place }: Draft): void {
    this.#asked.delete(device)
    this.#heard.set(device, place)
  }

  /** Call it for a new connection: somebody may have moved devices meanwhile. */
  forget(): void {
    this.#heard.clear()
    this.#asked.clear()
    this.#waiting = []
  }
}
