import { crc32 } from 'node:zlib'

/**
 * Rows of tables that carry a checksum of where they belong and what they hold. LMDB has none: without it a bit that
 * the disk turned over would be believed, be it in the key or in the value.
 */
export type RowKey = string | number

/** The checksums of one table begin with its name, so that a row also says which table it is of. */
const seedOf = (table: string, key: RowKey) => crc32(`${table}/${key}/`)

/** JSON holds no byte 0: it marks that four bytes of checksum follow. */
const jsonSealBytes = 5

export function sealJson(table: string, key: RowKey, value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  const row = Buffer.alloc(text.length + jsonSealBytes)
  text.copy(row)
  row.writeUInt32LE(crc32(text, seedOf(table, key)), text.length + 1)
  return row
}

export interface Unsealed<V> {
  readonly value: V
  /** False for one that was written before there were seals: it is believed where it was found. */
  readonly isSealed: boolean
}

/** Undefined for a row that is not as it was written. */
export function unsealJson<V>(table: string, key: RowKey, row: Buffer): Unsealed<V> | undefined {
  const end = row.length - jsonSealBytes
  const isSealed = end > 0 && row[end] === 0
  const text = isSealed ? row.subarray(0, end) : row
  if (isSealed && crc32(text, seedOf(table, key)) !== row.readUInt32LE(end + 1)) return undefined
  try {
    return { value: JSON.parse(text.toString()), isSealed }
  } catch {
    return undefined
  }
}

/** Numbers of 8 bytes each; the last is `upTo`, then four bytes of checksum. */
export function sealNumbers(table: string, key: RowKey, numbers: Float64Array, upTo: number): Buffer {
  const row = Buffer.alloc(numbers.byteLength + 12)
  row.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
  row.writeDoubleLE(upTo, numbers.byteLength)
  row.writeUInt32LE(crc32(row.subarray(0, -4), seedOf(table, key)), row.length - 4)
  return row
}

export interface UnsealedNumbers {
  readonly bytes: Buffer
  /** What the numbers take account of; undefined for a row that was written before there were seals. */
  readonly upTo: number | undefined
}

export function unsealNumbers(table: string, key: RowKey, row: Buffer): UnsealedNumbers | undefined {
  if (row.length % 8 === 0) return { bytes: row, upTo: undefined }
  if (row.length % 8 !== 4 || row.length < 12) return undefined
  if (crc32(row.subarray(0, -4), seedOf(table, key)) !== row.readUInt32LE(row.length - 4)) return undefined
  return { bytes: row.subarray(0, -12), upTo: row.readDoubleLE(row.length - 12) }
}

/** Bytes, and four of checksum behind them. */
export function sealBytes(table: string, key: RowKey, bytes: Buffer): Buffer {
  const row = Buffer.alloc(bytes.length + 4)
  row.set(bytes)
  row.writeUInt32LE(crc32(bytes, seedOf(table, key)), bytes.length)
  return row
}

/** Undefined for a row that is not as it was written. */
export function unsealBytes(table: string, key: RowKey, row: Buffer): Buffer | undefined {
  const end = row.length - 4
  if (end < 0) return undefined
  const bytes = row.subarray(0, end)
  return crc32(bytes, seedOf(table, key)) === row.readUInt32LE(end) ? bytes : undefined
}
