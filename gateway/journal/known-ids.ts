import { type Identified, type Known, likenessOf } from './content.ts'

/** Ids in memory, compared as the journal on disk compares them (remembered.ts). They are never forgotten. */
export class KnownIds {
  readonly #contents = new Map<string, number>()

  get size(): number {
    return this.#contents.size
  }

  add(id: string, event: Identified): Known {
    const known = this.#contents.get(id)
    if (known === undefined) {
      this.#contents.set(id, event.content)
      return 'new'
    }
    const likeness = likenessOf(known, event)
    if (likeness !== 'other') return likeness
    // No id has a NUL.
    const other = `${id}\0${event.content}`
    if (this.#contents.has(other)) return 'same'
    this.#contents.set(other, event.content)
    return 'other'
  }
}
