import type { Seq } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { isUrgent } from '../../devices/contract/urgent.ts'
import type { Detection } from '../../models/detector.ts'
import { keyText, type PictureKey } from '../snapshots/snapshots.ts'

/**
 * What a picture is worth where not all can be looked at: of an urgent event; of another that may tell
 * something (a vehicle, or an event that has not come yet); of a granted passage, when all is as usual.
 */
export const worths = ['urgent', 'telling', 'uneventful'] as const
export type Worth = (typeof worths)[number]

export function worthOf(record: EventRecord): Worth {
  if (isUrgent(record)) return 'urgent'
  return record.kind === 'vehicle' || record.kind === 'tamper' ? 'telling' : 'uneventful'
}

/** A picture that waits to be looked at. */
export interface Waiting extends PictureKey {
  readonly seq: Seq
  /** Id of the `Place`. */
  readonly place: number
  /** When it was received, epoch ms. */
  readonly receivedAt: number
  readonly bytes: number
  /** How many workers have died while they had it. */
  readonly deaths: number
}

/** One that waits to be redacted. Of a gateway's, whose sighting is the gateway's own, it is looked for what to cover first. */
export interface Sighted extends Waiting {
  readonly toCover?: readonly Detection[]
  readonly sighting?: DataOf<'sighting'>
}

/**
 * The pictures that wait, in the order in which they are taken: urgent ones first, otherwise the oldest. Pure
 * bookkeeping. Past `limit` the oldest are thinned out, uneventful ones first and urgent ones last: what is
 * lost then is the tag of a picture, never an event.
 */
export class Backlog<P extends Waiting = Waiting> {
  readonly #limit: number
  readonly #lanes: Record<Worth, Map<string, P>> = {
    urgent: new Map(),
    telling: new Map(),
    uneventful: new Map(),
  }

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return worths.reduce((sum, worth) => sum + this.#lanes[worth].size, 0)
  }

  /** When the one that has waited longest was received. */
  get oldestAt(): number | undefined {
    const heads = worths.flatMap(worth => first(this.#lanes[worth]) ?? [])
    return heads.length === 0 ? undefined : Math.min(...heads.map(({ receivedAt }) => receivedAt))
  }

  /** Those that are to be thinned out to make room. */
  add(picture: P, worth: Worth): P[] {
    this.#lanes[worth].set(keyText(picture), picture)
    const thinned: P[] = []
    while (this.size > this.#limit) {
      const lane = worths.findLast(worth => this.#lanes[worth].size > 0)!
      const oldest = first(this.#lanes[lane])!
      this.#lanes[lane].delete(keyText(oldest))
      thinned.push(oldest)
    }
    return thinned
  }

  /** Its event has come after it, and tells what it is worth. */
  appraise(key: PictureKey, worth: Worth): void {
    const known = this.#lanes.telling.get(keyText(key))
    if (known === undefined || worth === 'telling') return
    this.#lanes.telling.delete(keyText(key))
    insertBySeq(this.#lanes[worth], known)
  }

  /** The next to be looked at that `mayTake`, which is the head of its lane. */
  take(mayTake: (picture: P) => boolean = () => true): P | undefined {
    const urgent = first(this.#lanes.urgent)
    const others = [first(this.#lanes.telling), first(this.#lanes.uneventful)]
      .filter(picture => picture !== undefined)
      .sort((a, b) => a.seq - b.seq)
    const next = urgent ?? others[0]
    if (next === undefined || !mayTake(next)) return undefined
    for (const worth of worths) if (this.#lanes[worth].delete(keyText(next))) break
    return next
  }

  /** One that was taken and not done: it is the next of its worth again. */
  giveBack(picture: P, worth: Worth): void {
    insertBySeq(this.#lanes[worth], picture)
  }
}

const first = <P>(lane: Map<string, P>): P | undefined => lane.values().next().value

/** Lanes are short, and this is rare. */
function insertBySeq<P extends Waiting>(lane: Map<string, P>, picture: P): void {
  const all = [...lane.values(), picture].sort((a, b) => a.seq - b.seq)
  lane.clear()
  for (const waiting of all) lane.set(keyText(waiting), waiting)
}
