/**
 * How far a numbered stream has been taken over by the centre, where some of it is sent before its turn.
 * What is sent in turn is `met` in order and is `done` in any; everything up to `cursor` is done with.
 */
export class Progress {
  /** Sent in turn, or about to be: in ascending order, as a Set keeps it. */
  readonly #open = new Set<number>()
  /** Sent before their turn: those on their way, ascending, and those that the centre has. */
  readonly #ahead = new Set<number>()
  readonly #settled = new Set<number>()
  #position: number

  constructor(cursor: number) {
    this.#position = cursor
  }

  /** Behind it nothing has had its turn. */
  get position(): number {
    return this.#position
  }

  get cursor(): number {
    const [oldest] = this.#open
    return oldest === undefined ? this.#position : oldest - 1
  }

  /** Sent in turn and not yet done. */
  get open(): number {
    return this.#open.size
  }

  /** Sent before their turn, which has not yet come. */
  get ahead(): number {
    return this.#ahead.size + this.#settled.size
  }

  /** It goes before its turn. Calls ascend, and none is at or before `position`. */
  goAhead(number: number): void {
    this.#ahead.add(number)
  }

  /** Its turn has come. False where it went ahead: then it is not to be sent again. Calls ascend. */
  meet(number: number): boolean {
    if (this.#settled.delete(number)) return false
    this.#open.add(number)
    return !this.#ahead.delete(number)
  }

  /** Everything up to `position` has had its turn; what was not met needs none. */
  moveTo(position: number): void {
    this.#position = position
  }

  /** The centre has it, or nobody ever will. */
  done(number: number): void {
    if (this.#open.delete(number)) return
    if (this.#ahead.delete(number)) this.#settled.add(number)
  }
}
