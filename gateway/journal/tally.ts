/** Durable counts of one device and lane, saved in the same commit as what they count. */
export const tallyFields = [
  'received', 'stored', 'duplicate', 'parked', 'refused', 'late', 'skewed', 'personal', 'ignored', 'lastReceivedAt', 'sighted',
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

export function countsToBytes(counts: Float64Array): Buffer {
  return Buffer.from(counts.buffer, counts.byteOffset, counts.byteLength)
}

/** An older row is shorter: what it did not count yet is 0. */
export function countsFromBytes(bytes: Uint8Array): Float64Array {
  const counts = newCounts()
  Buffer.from(counts.buffer).set(bytes.subarray(0, counts.byteLength))
  return counts
}

export function tallyOf(counts: Float64Array | undefined): Tally {
  return Object.fromEntries(tallyFields.map((field, index) => [field, counts?.[index] ?? 0])) as Tally
}
