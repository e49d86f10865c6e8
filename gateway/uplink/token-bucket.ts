import { secondMs } from '../../core/clock.ts'

/**
 * A cap on bytes, in the mean: what was not used within the last second may be made up for. A message goes once
 * there is anything left and may take more than that; what follows waits until the debt is paid.
 */
export class TokenBucket {
  readonly #perS: number
  #tokens: number
  #filledAt: number

  /** Without `bytesPerS` there is no cap. */
  constructor(bytesPerS: number | undefined, now: number) {
    this.#perS = bytesPerS ?? Number.POSITIVE_INFINITY
    this.#tokens = this.#perS
    this.#filledAt = now
  }

  /** How long to wait before anything but what is urgent; 0 if it may go now. */
  waitMs(now: number): number {
    if (this.#perS === Number.POSITIVE_INFINITY) return 0
    this.#fill(now)
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perS) * secondMs)
  }

  /** Also for what did not wait. */
  spend(bytes: number, now: number): void {
    this.#fill(now)
    this.#tokens -= bytes
  }

  #fill(now: number): void {
    // A clock that was set back gives nothing, and takes nothing.
    const ms = Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    this.#tokens = Math.min(this.#perS, this.#tokens + (ms / secondMs) * this.#perS)
  }
}
