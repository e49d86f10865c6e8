import { secondMs } from '../core/clock.ts'

/** Allows at most so many lines of the log a second. Pure: time is an argument. */
export class LineBudget {
  readonly #most: number
  #second = 0
  #lines = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Tells whether a line may be written, and how many were left out in the second before. */
  take(now: number): { mayWrite: boolean; leftOut: number } {
    const second = Math.floor(now / secondMs)
    let leftOut = 0
    if (second !== this.#second) {
      leftOut = Math.max(0, this.#lines - this.#most)
      this.#second = second
      this.#lines = 0
    }
    return { mayWrite: this.#lines++ < this.#most, leftOut }
  }
}
