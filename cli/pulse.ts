/**
 * Whether a process still answers. Counts the questions that went unanswered, not the time: while this process, or
 * the whole machine, is held up itself, nothing is asked, and nobody is blamed. Pure.
 */
export class Pulse {
  readonly #patience: number
  readonly #startPatience: number
  #unanswered = 0
  #isReady = false

  /** In questions; more before it is ready, when it loads its code and reads its files. */
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

  /** Before the next question: false where too many went unanswered. */
  ask(): boolean {
    if (this.#unanswered >= (this.#isReady ? this.#patience : this.#startPatience)) return false
    this.#unanswered++
    return true
  }
}
