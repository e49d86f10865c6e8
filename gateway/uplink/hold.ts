import { type Backoff, backoffMs } from '../../core/backoff.ts'
import { minuteMs } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'

const wellMs = minuteMs

/**
 * A wait because the centre refuses messages about one of our devices, and sending again changes nothing. Everything is
 * kept in order, and tried again with growing pauses, until somebody has given the account the site of the device.
 */
export class Hold {
  readonly #backoff: Backoff
  #device: DeviceId | undefined
  #refusals = 0
  #until = 0

  constructor(backoff: Backoff) {
    this.#backoff = backoff
  }

  get isOn(): boolean {
    return this.#refusals > 0
  }

  refused(device: DeviceId | undefined, now: number, random: number): void {
    this.#device = device
    this.#until = now + backoffMs(++this.#refusals, this.#backoff, random)
  }

  /** The ms to wait. */
  waitMs(now: number): number {
    return this.isOn ? Math.max(0, this.#until - now) : 0
  }

  /** Something was acked: the wait is over if that was of the device, or if all has gone well for a while. */
  heard(device: DeviceId, now: number): void {
    if (this.#device === device || now - this.#until > wellMs) this.#refusals = 0
  }
}
