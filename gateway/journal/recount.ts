import type { Seq } from '../../core/words.ts'
import {
  atOf,
  isLate,
  isReused,
  isRow,
  isSighting,
  isSkewed,
  placeNumberAt,
  receivedAtOf,
} from '../../devices/contract/record.ts'
import type { FrameReader } from './frame.ts'
import { tallyKey } from './lmdb-layout.ts'
import type { Named } from './name-lost.ts'
import { addRow, newSums, stretchOf, sumsFromRow, sumsToRow } from './stretch.ts'
import { countsFromRow, countsToRow, newCounts, tallyAt } from './tally.ts'

interface Counted {
  readonly numbers: Float64Array
  /** The position up to which the numbers count. A row of an older version does not say: it is taken as it is. */
  upTo: Seq
  changed: boolean
}

type Rows = ReadonlyMap<string | number, { readonly value: Buffer }>

/**
 * Saved counts, brought up to date with the held records: a row from an old page does not count what came after it, and
 * says up to which position it counts.
 */
export class Recount {
  readonly #tallies = new Map<number, Counted>()
  readonly #stretches = new Map<number, Counted>()
  /** The last position that any row counts. */
  readonly upTo: Seq

  constructor(tallies: Rows | undefined, stretches: Rows | undefined) {
    let most = 0
    const take = (into: Map<number, Counted>, key: number, numbers: Float64Array, upTo: Seq | undefined) => {
      into.set(key, { numbers, upTo: upTo ?? Number.POSITIVE_INFINITY, changed: false })
      most = Math.max(most, upTo ?? 0)
    }
    for (const [key, { value }] of tallies ?? []) {
      const row = countsFromRow(Number(key), value)
      if (row !== undefined) take(this.#tallies, Number(key), row.counts, row.upTo)
    }
    for (const [key, { value }] of stretches ?? []) {
      const row = sumsFromRow(Number(key), value)
      if (row !== undefined) take(this.#stretches, Number(key), row.sums, row.upTo)
    }
    this.upTo = most
  }

  tally(key: number): Counted {
    return this.#at(this.#tallies, key, newCounts)
  }

  stretch(key: number): Counted {
    return this.#at(this.#stretches, key, newSums)
  }

  #at(of: Map<number, Counted>, key: number, fresh: () => Float64Array): Counted {
    let counted = of.get(key)
    if (counted === undefined) {
      counted = { numbers: fresh(), upTo: 0, changed: true }
      of.set(key, counted)
    }
    return counted
  }

  get changed(): number {
    return [...this.#tallies.values()].filter(({ changed }) => changed).length
  }

  devices(): number[] {
    return [...this.#tallies.keys()].map(key => Math.floor(key / 2))
  }

  tallies(): [number, Buffer][] {
    return [...this.#tallies].map(([key, { numbers, upTo }]) => [
      key,
      countsToRow(key, numbers, finite(upTo)),
    ])
  }

  stretches(): [number, Buffer][] {
    return [...this.#stretches].map(([key, { numbers, upTo }]) => [
      key,
      sumsToRow(key, numbers, finite(upTo)),
    ])
  }
}

const finite = (upTo: Seq) => (Number.isFinite(upTo) ? upTo : 0)

/** Counts one held record. A stored record was received, even if nothing else about its device is known any more. */
export function countRecord(
  recount: Recount,
  named: Named,
  frame: FrameReader,
  seq: Seq,
  committedAt: number,
): void {
  const { bytes, keyEnd, device } = frame
  const place = placeNumberAt(bytes, keyEnd)
  named.places.add(place)
  named.devices.set(device, place)
  const tally = recount.tally(tallyKey(device, frame.lane))
  if (seq > tally.upTo) {
    const counts = tally.numbers
    const isOurs = isSighting(bytes, keyEnd)
    counts[isOurs ? tallyAt.sighted : tallyAt.stored]!++
    if (!isOurs) {
      counts[tallyAt.received]!++
      counts[tallyAt.lastReceivedAt] = Math.max(counts[tallyAt.lastReceivedAt]!, committedAt)
    }
    if (isLate(bytes, keyEnd)) counts[tallyAt.late]!++
    if (isSkewed(bytes, keyEnd)) counts[tallyAt.skewed]!++
    if (isReused(bytes, keyEnd)) counts[tallyAt.reused]!++
    tally.upTo = seq
    tally.changed = true
  }
  if (!isRow(bytes, keyEnd)) return
  const stretch = recount.stretch(stretchOf(seq))
  if (seq <= stretch.upTo) return
  addRow(stretch.numbers, seq, atOf(bytes, keyEnd), receivedAtOf(bytes, keyEnd))
  stretch.upTo = seq
}
