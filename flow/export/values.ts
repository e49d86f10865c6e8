import type { ScanColumn, ScanValues } from '../../ingest/store/scan.ts'

/** Which rows of a column are present, and how many are absent. */
export interface Presence {
  readonly absent: number
  isPresent(row: number): boolean
}

export function presenceOf(values: ScanValues, rows: number): Presence {
  const codes = 'codes' in values ? values.codes : values
  let absent = 0
  if (codes instanceof Float64Array) {
    for (let row = 0; row < rows; row++) if (Number.isNaN(codes[row])) absent++
    return { absent, isPresent: row => !Number.isNaN(codes[row]) }
  }
  for (let row = 0; row < rows; row++) if (codes[row] === 0) absent++
  return { absent, isPresent: row => codes[row] !== 0 }
}

/** One bit per row, the first row in the lowest bit. */
export function packBits(rows: number, isSet: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3)
  for (let row = 0; row < rows; row++) if (isSet(row)) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}

/** Whole numbers as 64 bits, little-endian; BigInts would take five times as long. */
export function packLongs(values: ArrayLike<number>): Uint8Array {
  const halves = new Int32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const high = Math.floor(value / 4_294_967_296)
    halves[2 * i] = value - high * 4_294_967_296
    halves[2 * i + 1] = high
  }
  return new Uint8Array(halves.buffer)
}

export const isWhole = ({ type }: ScanColumn) => type === 'time' || type === 'integer'
