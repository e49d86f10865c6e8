import type { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'

const kept = 1000

/**
 * Keeps the reason why a device's last connection was ended. The device could not be told then, since there is no
 * negative ack, and would do the same again for ever. So it is told when it has come back and subscribes to its commands.
 */
export class PartingWords {
  readonly #words = new Map<DeviceId, LintelError>()

  keep(device: DeviceId, error: LintelError): void {
    this.#words.delete(device)
    this.#words.set(device, error)
    if (this.#words.size > kept) this.#words.delete(this.#words.keys().next().value!)
  }

  take(device: DeviceId): LintelError | undefined {
    const word = this.#words.get(device)
    this.#words.delete(device)
    return word
  }
}
