import { sealNumbers, unsealNumbers } from '../../core/sealed.ts'
import type { Seq } from '../../core/words.ts'

/** Positions of one stretch: sums of receipt times stay below 2^53, and a town fills a stretch in a few minutes. */
export const stretchRecords = 4096

export const stretchOf = (seq: Seq) => Math.floor((seq - 1) / stretchRecords)
export const firstOf = (stretch: number): Seq => stretch * stretchRecords + 1
export const lastOf = (stretch: number): Seq => (stretch + 1) * stretchRecords

/**
 * Sums over the rows of a stretch. Journal and store both have them, so comparing numbers shows whether a row is missing
 * or has been replaced. They stay when the records are freed.
 */
export interface StretchSums {
  /** Records that become rows: all but snapshots. */
  rows: number
  /** Sum of their positions. */
  seqs: number
  /** Sum of their times of receipt, epoch ms. */
  received: number
}

/** One stretch, or several consecutive ones. */
export interface Stretch extends Readonly<StretchSums> {
  /** The first and the last position, both included. */
  readonly first: Seq
  readonly last: Seq
  /** The earliest and the latest time of an event, epoch ms. Meaningless if there are no rows. */
  readonly earliestAt: number
  readonly latestAt: number
  /** The first and the last time of receipt, epoch ms. */
  readonly firstReceivedAt: number
  readonly lastReceivedAt: number
}

/** f64 LE each; positions are the layout on disk, append only. */
const sumAt = {
  rows: 0,
  seqs: 1,
  received: 2,
  earliestAt: 3,
  latestAt: 4,
  firstReceivedAt: 5,
  lastReceivedAt: 6,
} as const

export function newSums(): Float64Array {
  const sums = new Float64Array(7)
  sums[sumAt.earliestAt] = sums[sumAt.firstReceivedAt] = Number.POSITIVE_INFINITY
  sums[sumAt.latestAt] = sums[sumAt.lastReceivedAt] = Number.NEGATIVE_INFINITY
  return sums
}

export function addRow(sums: Float64Array, seq: Seq, at: number, receivedAt: number): void {
  sums[sumAt.rows]! += 1
  sums[sumAt.seqs]! += seq
  sums[sumAt.received]! += receivedAt
  if (at < sums[sumAt.earliestAt]!) sums[sumAt.earliestAt] = at
  if (at > sums[sumAt.latestAt]!) sums[sumAt.latestAt] = at
  if (receivedAt < sums[sumAt.firstReceivedAt]!) sums[sumAt.firstReceivedAt] = receivedAt
  if (receivedAt > sums[sumAt.lastReceivedAt]!) sums[sumAt.lastReceivedAt] = receivedAt
}

/** Takes a row out of the sums; the range of times stays as wide as it is. */
export function takeRow(sums: Float64Array, seq: Seq, receivedAt: number): void {
  sums[sumAt.rows]! -= 1
  sums[sumAt.seqs]! -= seq
  sums[sumAt.received]! -= receivedAt
}

/** `upTo` is the last position that the sums count. */
export const sumsToRow = (stretch: number, sums: Float64Array, upTo: Seq) =>
  sealNumbers('stretch', stretch, sums, upTo)

/** Undefined for a corrupt row. */
export function sumsFromRow(
  stretch: number,
  row: Buffer,
): { sums: Float64Array; upTo: Seq | undefined } | undefined {
  const unsealed = unsealNumbers('stretch', stretch, row)
  if (unsealed === undefined) return undefined
  const sums = newSums()
  Buffer.from(sums.buffer).set(unsealed.bytes.subarray(0, sums.byteLength))
  return { sums, upTo: unsealed.upTo }
}

export function toStretch(stretch: number, sums: Float64Array): Stretch {
  const members = Object.entries(sumAt).map(([name, index]) => [name, sums[index]!])
  return { first: firstOf(stretch), last: lastOf(stretch), ...Object.fromEntries(members) } as Stretch
}

/** Sums of one stretch are exact. Sums of many may exceed 2^53: they then differ a little if added up in another order. */
const same = (a: number, b: number) =>
  a === b || (a > Number.MAX_SAFE_INTEGER && Math.abs(a - b) <= 1e-12 * a)

export const sameSums = (a: Readonly<StretchSums>, b: Readonly<StretchSums>) =>
  a.rows === b.rows && same(a.seqs, b.seqs) && same(a.received, b.received)

/** Merges neighbouring stretches until there are at most `most`. */
export function mergeStretches(stretches: readonly Stretch[], most: number): Stretch[] {
  const size = Math.ceil(stretches.length / most)
  const merged: Stretch[] = []
  for (let start = 0; start < stretches.length; start += size) {
    const part = stretches.slice(start, start + size)
    merged.push(
      part.reduce((sum, next) => ({
        first: sum.first,
        last: next.last,
        rows: sum.rows + next.rows,
        seqs: sum.seqs + next.seqs,
        received: sum.received + next.received,
        earliestAt: Math.min(sum.earliestAt, next.earliestAt),
        latestAt: Math.max(sum.latestAt, next.latestAt),
        firstReceivedAt: Math.min(sum.firstReceivedAt, next.firstReceivedAt),
        lastReceivedAt: Math.max(sum.lastReceivedAt, next.lastReceivedAt),
      })),
    )
  }
  return merged
}
