interface Owned<T> {
  size: number
  /** In order of arrival. */
  readonly things: Map<T, number>
}

/**
 * Tracks how much each owner holds of a shared resource. When there is no room, the owner that holds most gives up its
 * oldest thing (`takeFromLargest`), so that nobody loses anything to an owner that takes all it can get. Adding and
 * taking cost the same however many owners there are.
 */
export class Shares<T> {
  readonly #owners = new Map<string, Owned<T>>()
  readonly #ownerOf = new Map<T, string>()
  /** Owners by how much they hold. */
  readonly #bySize = new Map<number, Set<string>>()
  #largest = 0
  #total = 0

  get total(): number {
    return this.#total
  }

  get count(): number {
    return this.#ownerOf.size
  }

  sizeOf(owner: string): number {
    return this.#owners.get(owner)?.size ?? 0
  }

  /** `size` is a whole number. A thing that is already held is not changed. */
  add(owner: string, thing: T, size = 1): void {
    if (this.#ownerOf.has(thing)) return
    let owned = this.#owners.get(owner)
    if (owned === undefined) {
      owned = { size: 0, things: new Map() }
      this.#owners.set(owner, owned)
    }
    owned.things.set(thing, size)
    this.#ownerOf.set(thing, owner)
    this.#resize(owner, owned, size)
  }

  /** False if the thing is not held. */
  remove(thing: T): boolean {
    const owner = this.#ownerOf.get(thing)
    if (owner === undefined) return false
    const owned = this.#owners.get(owner)!
    const size = owned.things.get(thing)!
    owned.things.delete(thing)
    this.#ownerOf.delete(thing)
    this.#resize(owner, owned, -size)
    if (owned.things.size === 0) this.#owners.delete(owner)
    return true
  }

  /** Removes the oldest thing of an owner that holds most; undefined if nothing is held. */
  takeFromLargest(): T | undefined {
    while (this.#largest > 0 && (this.#bySize.get(this.#largest)?.size ?? 0) === 0) this.#largest--
    const [owner] = this.#bySize.get(this.#largest) ?? []
    if (owner === undefined) return undefined
    const [oldest] = this.#owners.get(owner)!.things.keys()
    this.remove(oldest!)
    return oldest
  }

  #resize(owner: string, owned: Owned<T>, by: number): void {
    const before = this.#bySize.get(owned.size)
    before?.delete(owner)
    if (before?.size === 0) this.#bySize.delete(owned.size)
    owned.size += by
    this.#total += by
    if (owned.size === 0) return
    const now = this.#bySize.get(owned.size)
    if (now === undefined) this.#bySize.set(owned.size, new Set([owner]))
    else now.add(owner)
    this.#largest = Math.max(this.#largest, owned.size)
  }
}
