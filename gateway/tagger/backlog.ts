import type { Regions } from '../../config/regions.ts'
import type { DeviceId, Place, Seq } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { isUrgent } from '../../devices/contract/urgent.ts'
import type { Detection } from '../../models/detector.ts'
import { keyText, type PictureKey } from '../snapshots/snapshots.ts'
import type { Standing } from './worker-time.ts'

/**
 * The worth of a picture when not all can be looked at. `urgent`: of an urgent event. `telling`: of another that may tell
 * something (a vehicle, the end of tampering, or an event that has not come yet). `uneventful`: of the rest, such as a
 * granted passage.
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
  readonly place: Place
  /** Time of receipt, epoch ms. */
  readonly receivedAt: number
  readonly bytes: number
  /** Number of workers that have died while they had it. */
  readonly deaths: number
}

/** A picture that waits to be redacted. A gateway's picture has the gateway's own sighting, so the parts to cover must be found first. */
export interface Sighted extends Waiting {
  readonly toCover?: readonly Detection[]
  readonly sighting?: DataOf<'sighting'>
  /** The regions when it was looked at: what was seen has their coordinates. */
  readonly regions?: Regions | undefined
}

/**
 * The pictures that wait, in the order in which they are taken: urgent ones first, otherwise the oldest; those of a
 * device that has had more than its share of the workers come after all others. Pure bookkeeping. Beyond `limit`, the
 * device that has most waiting is thinned out: uneventful pictures first and urgent ones last, the oldest of each. That
 * loses the sighting of a picture, never an event.
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

  /** Number of pictures of such devices. */
  countOf(isIn: (device: DeviceId) => boolean): number {
    let count = 0
    for (const worth of worths)
      for (const { device } of this.#lanes[worth].values()) if (isIn(device)) count++
    return count
  }

  /** Time of receipt of the picture that has waited longest. */
  get oldestAt(): number | undefined {
    const heads = worths.flatMap(worth => first(this.#lanes[worth]) ?? [])
    return heads.length === 0 ? undefined : Math.min(...heads.map(({ receivedAt }) => receivedAt))
  }

  /** Adds a picture. Returns those that are to be thinned out to make room. */
  add(picture: P, worth: Worth): P[] {
    this.#lanes[worth].set(keyText(picture), picture)
    const thinned: P[] = []
    while (this.size > this.#limit) {
      thinned.push(this.#takeFromLargest())
    }
    return thinned
  }

  #takeFromLargest(): P {
    const counts = new Map<DeviceId, number>()
    for (const worth of worths)
      for (const { device } of this.#lanes[worth].values()) counts.set(device, (counts.get(device) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const worth of worths.toReversed())
      for (const [key, picture] of this.#lanes[worth]) {
        if (counts.get(picture.device)! < most) continue
        this.#lanes[worth].delete(key)
        return picture
      }
    throw new Error('nothing is in the backlog')
  }

  /** Call it when the event has come after its picture, and tells its worth. */
  appraise(key: PictureKey, worth: Worth): void {
    const known = this.#lanes.telling.get(keyText(key))
    if (known === undefined || worth === 'telling') return
    this.#lanes.telling.delete(keyText(key))
    insertBySeq(this.#lanes[worth], known)
  }

  /**
   * The next picture to look at, if it `mayTake`: the first of a device that has its turn, or if there is none, of one
   * that comes last. It passes over no picture, so the order within a device is kept.
   */
  take(
    mayTake: (picture: P) => boolean = () => true,
    standing: (device: DeviceId) => Standing = () => 'first',
  ): P | undefined {
    const next =
      this.#next(device => standing(device) === 'first') ?? this.#next(device => standing(device) === 'last')
    if (next === undefined || !mayTake(next)) return undefined
    for (const worth of worths) if (this.#lanes[worth].delete(keyText(next))) break
    return next
  }

  #next(isIn: (device: DeviceId) => boolean): P | undefined {
    const urgent = firstOf(this.#lanes.urgent, isIn)
    if (urgent !== undefined) return urgent
    const others = [firstOf(this.#lanes.telling, isIn), firstOf(this.#lanes.uneventful, isIn)]
    return others.filter(picture => picture !== undefined).sort((a, b) => a.seq - b.seq)[0]
  }

  /** Gives back a picture that was taken and not done: it is the next of its worth again. */
  giveBack(picture: P, worth: Worth): void {
    insertBySeq(this.#lanes[worth], picture)
  }
}

const first = <P>(lane: Map<string, P>): P | undefined => lane.values().next().value

function firstOf<P extends Waiting>(
  lane: Map<string, P>,
  isIn: (device: DeviceId) => boolean,
): P | undefined {
  for (const picture of lane.values()) if (isIn(picture.device)) return picture
  return undefined
}

/** Sorts the whole lane: lanes are short, and this is rare. */
function insertBySeq<P extends Waiting>(lane: Map<string, P>, picture: P): void {
  const all = [...lane.values(), picture].sort((a, b) => a.seq - b.seq)
  lane.clear()
  for (const waiting of all) lane.set(keyText(waiting), waiting)
}
