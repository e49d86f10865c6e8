/**
 * Numbers for things that records name again and again. A number is never given to another thing. A number that is not
 * known to be on disk goes out with every commit until one has succeeded.
 */
export class Numbers<T> {
  readonly #keyOf: (thing: T) => string
  readonly #numbers = new Map<string, number>()
  readonly #added = new Map<number, T>()
  /** The numbers of objects that come again and again: saves making their key each time. */
  readonly #known = new WeakMap<object, number>()
  #last = 0

  constructor(numbered: readonly (readonly [T, number])[], keyOf: (thing: T) => string) {
    this.#keyOf = keyOf
    for (const [thing, number] of numbered) {
      this.#numbers.set(keyOf(thing), number)
      this.#last = Math.max(this.#last, number)
    }
  }

  of(thing: T): number {
    if (typeof thing !== 'object' || thing === null) return this.#find(thing)
    let number = this.#known.get(thing)
    if (number === undefined) {
      number = this.#find(thing)
      this.#known.set(thing, number)
    }
    return number
  }

  /** Numbers that have yet to be saved. */
  added(): [T, number][] {
    return [...this.#added].map(([number, thing]) => [thing, number])
  }

  /** Call it when these numbers are on disk. */
  keep(added: readonly (readonly [T, number])[]): void {
    for (const [, number] of added) this.#added.delete(number)
  }

  #find(thing: T): number {
    const key = this.#keyOf(thing)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = ++this.#last
      this.#numbers.set(key, number)
      this.#added.set(number, thing)
    }
    return number
  }
}
