/**
 * Tracks how far the centre has taken over a numbered stream, some of which is sent before its turn. Items sent in turn
 * are `met` in order and `done` in any; everything up to `cursor` is done.
 */
export class Progress {
  /** Items sent in turn, or about to be: in ascending order, as a Set keeps it. */
  readonly #open = new Set<number>()
  /** Items sent before their turn: `#ahead` has those on their way, ascending, `#settled` those that the centre has. */
  readonly #ahead = new Set<number>()
  readonly #settled = new Set<number>()
  #position: number

  constructor(cursor: number) {
    this.#position = cursor
  }

  /** No item behind it has had its turn. */
  get position(): number {
    return this.#position
  }

  get cursor(): number {
    const [oldest] = this.#open
    return oldest === undefined ? this.#position : oldest - 1
  }

  /** Number of items sent in turn and not yet done. */
  get open(): number {
    return this.#open.size
  }

  /** Number of items sent before their turn, which has not yet come. */
  get ahead(): number {
    return this.#ahead.size + this.#settled.size
  }

  /** Notes that an item goes before its turn. Calls ascend, and none is at or before `position`. */
  goAhead(number: number): void {
    this.#ahead.add(number)
  }

  /** Notes that the turn of an item has come. False if it went ahead: it must not be sent again. Calls ascend. */
  meet(number: number): boolean {
    if (this.#settled.delete(number)) return false
    this.#open.add(number)
    return !this.#ahead.delete(number)
  }

  /** Everything up to `position` has had its turn; items that were not met need none. */
  moveTo(position: number): void {
    this.#position = position
  }

  /** The centre has the item, or nobody ever will. */
  done(number: number): void {
    if (this.#open.delete(number)) return
    if (this.#ahead.delete(number)) this.#settled.add(number)
  }
}
