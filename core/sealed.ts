import { crc32 } from 'node:zlib'

/**
 * Seals the rows of tables with a checksum of table, key and value. LMDB has none: without it, a bit that the disk
 * flipped in a key or a value would go unnoticed.
 */
export type RowKey = string | number

/** The checksum begins with table and key, so that it also proves to which table a row belongs. */
const seedOf = (table: string, key: RowKey) => crc32(`${table}/${key}/`)

/** JSON contains no byte 0: that byte marks the four bytes of checksum behind it. */
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
  /** False for a row written before there were seals: it is trusted only where a tree leads to it. */
  readonly isSealed: boolean
}

/** Undefined for a corrupt row. */
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

/** Numbers of 8 bytes each, then `upTo` as another, then four bytes of checksum. */
export function sealNumbers(table: string, key: RowKey, numbers: Float64Array, upTo: number): Buffer {
  const row = Buffer.alloc(numbers.byteLength + 12)
  row.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
  row.writeDoubleLE(upTo, numbers.byteLength)
  row.writeUInt32LE(crc32(row.subarray(0, -4), seedOf(table, key)), row.length - 4)
  return row
}

export interface UnsealedNumbers {
  readonly bytes: Buffer
  /** The numbers count everything up to this position; undefined for a row written before there were seals. */
  readonly upTo: number | undefined
}

export function unsealNumbers(table: string, key: RowKey, row: Buffer): UnsealedNumbers | undefined {
  if (row.length % 8 === 0) return { bytes: row, upTo: undefined }
  if (row.length % 8 !== 4 || row.length < 12) return undefined
  if (crc32(row.subarray(0, -4), seedOf(table, key)) !== row.readUInt32LE(row.length - 4)) return undefined
  return { bytes: row.subarray(0, -12), upTo: row.readDoubleLE(row.length - 12) }
}

/** The bytes, then four bytes of checksum. */
export function sealBytes(table: string, key: RowKey, bytes: Buffer): Buffer {
  const row = Buffer.alloc(bytes.length + 4)
  row.set(bytes)
  row.writeUInt32LE(crc32(bytes, seedOf(table, key)), bytes.length)
  return row
}

/** Undefined for a corrupt row. */
export function unsealBytes(table: string, key: RowKey, row: Buffer): Buffer | undefined {
  const end = row.length - 4
  if (end < 0) return undefined
  const bytes = row.subarray(0, end)
  return crc32(bytes, seedOf(table, key)) === row.readUInt32LE(end) ? bytes : undefined
}
