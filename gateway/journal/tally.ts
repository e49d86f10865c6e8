import { sealNumbers, unsealNumbers } from '../../core/sealed.ts'
import type { Seq } from '../../core/words.ts'

/** Durable counts of one device and lane, saved in the same commit as the records that they count. */
export const tallyFields = [
  'received', 'stored', 'duplicate', 'parked', 'refused', 'late', 'skewed', 'personal', 'ignored', 'lastReceivedAt', 'sighted',
  'reused',
] as const // biome-ignore format: positions are the layout on disk, append only

export type TallyField = (typeof tallyFields)[number]
export type Tally = Record<TallyField, number>

export const tallyAt = Object.fromEntries(tallyFields.map((field, index) => [field, index])) as Record<
  TallyField,
  number
>

export function newCounts(): Float64Array {
  return new Float64Array(tallyFields.length)
}

/** `upTo` is the last position that the counts include. */
export const countsToRow = (key: number, counts: Float64Array, upTo: Seq) =>
  sealNumbers('tally', key, counts, upTo)

/** An older row is shorter: a count that it lacks is 0. Undefined for a corrupt row. */
export function countsFromRow(
  key: number,
  row: Buffer,
): { counts: Float64Array; upTo: Seq | undefined } | undefined {
  const unsealed = unsealNumbers('tally', key, row)
  if (unsealed === undefined) return undefined
  const counts = newCounts()
  Buffer.from(counts.buffer).set(unsealed.bytes.subarray(0, counts.byteLength))
  return { counts, upTo: unsealed.upTo }
}

export function tallyOf(counts: Float64Array | undefined): Tally {
  return Object.fromEntries(tallyFields.map((field, index) => [field, counts?.[index] ?? 0])) as Tally
}
