/**
 * Tells whether a process still answers. It counts unanswered questions, not time: while this process, or the whole
 * machine, is held up, nothing is asked and so nothing counts against the other process. Pure.
 */
export class Pulse {
  readonly #patience: number
  readonly #startPatience: number
  #unanswered = 0
  #isReady = false

  /** In questions; more before it is ready, because it then loads its code and reads its files. */
  constructor(patience: number, startPatience: number) {
    this.#patience = patience
    this.#startPatience = startPatience
  }

  ready(): void {
    this.#isReady = true
    this.#unanswered = 0
  }

  answered(): void {
    this.#unanswered = 0
  }

  /** Call before the next question: false if too many were unanswered. */
  ask(): boolean {
    if (this.#unanswered >= (this.#isReady ? this.#patience : this.#startPatience)) return false
    this.#unanswered++
    return true
  }
}
