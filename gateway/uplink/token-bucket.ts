import { secondMs } from '../../core/clock.ts'

/**
 * A cap on the mean of bytes per second: bytes not used within the last second may be used later. A message goes once
 * there is anything left, and may take more than that; the next one waits until the debt is paid.
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

  /** The ms to wait before anything that is not urgent; 0 if it may go now. */
  waitMs(now: number): number {
    if (this.#perS === Number.POSITIVE_INFINITY) return 0
    this.#fill(now)
    return this.#tokens > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perS) * secondMs)
  }

  /** Call it also for messages that did not wait. */
  spend(bytes: number, now: number): void {
    this.#fill(now)
    this.#tokens -= bytes
  }

  #fill(now: number): void {
    // After the clock was set back, nothing is given and nothing is taken.
    const ms = Math.max(0, now - this.#filledAt)
    this.#filledAt = now
    this.#tokens = Math.min(this.#perS, this.#tokens + (ms / secondMs) * this.#perS)
  }
}
