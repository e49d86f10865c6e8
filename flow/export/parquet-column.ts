import type { ScanColumn, ScanValues, Texts } from '../../ingest/store/scan.ts'
import { isWhole, packBits, packLongs, presenceOf } from './values.ts'

/** One page of a column, and its dictionary. */
export interface EncodedColumn {
  readonly dictionary?: { readonly page: Uint8Array; readonly words: number }
  readonly page: Uint8Array
  /** 0 plain, 8 dictionary codes. */
  readonly encoding: 0 | 8
  readonly absent: number
  /** Bounds of whole numbers, encoded like values. */
  readonly least?: Uint8Array
  readonly most?: Uint8Array
}

const types = { text: 6, time: 2, integer: 2, number: 5, boolean: 0 } as const
export const physicalType = ({ type }: ScanColumn) => types[type]

export function encodeColumn(column: ScanColumn, values: ScanValues, rows: number): EncodedColumn {
  const { absent, isPresent } = presenceOf(values, rows)
  const levels = levelsOf(rows, absent, isPresent)
  const plain = (body: Uint8Array) => ({ page: join(levels, body), encoding: 0, absent }) as const
  if (absent === rows) return plain(new Uint8Array(0))
  if ('codes' in values) {
    const { dictionary, codes, words } = compact(values, rows, rows - absent)
    return {
      dictionary: { page: dictionary, words },
      page: join(levels, packCodes(codes, words)),
      encoding: 8,
      absent,
    }
  }
  const present =
    absent === 0 ? values.subarray(0, rows) : values.filter((_, row) => row < rows && isPresent(row))
  if (present instanceof Uint8Array) return plain(packBits(present.length, i => present[i] === 2))
  if (!isWhole(column)) return plain(new Uint8Array(present.buffer, present.byteOffset, present.byteLength))
  const [least, most] = boundsOf(present)
  return { ...plain(packLongs(present)), least: packLongs([least]), most: packLongs([most]) }
}

function boundsOf(values: Float64Array): [number, number] {
  let least = values[0]!
  let most = least
  for (const value of values) {
    if (value < least) least = value
    else if (value > most) most = value
  }
  return [least, most]
}

/** Which rows are present: runs of bits, preceded by their length. One run if all rows are alike. */
function levelsOf(rows: number, absent: number, isPresent: (row: number) => boolean): Uint8Array {
  const runs =
    absent === 0 || absent === rows
      ? Buffer.from([...varint(rows << 1), absent === 0 ? 1 : 0])
      : join(Uint8Array.from(varint((((rows + 7) >> 3) << 1) | 1)), packBits(rows, isPresent))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(runs.length)
  return join(length, runs)
}

/** The words that occur, each as length and bytes, and codes from 0 into them for the rows that have one. */
function compact({ codes, words }: Texts, rows: number, present: number) {
  const renamed = new Int32Array(words.length + 1)
  const used: string[] = []
  const compacted = new Int32Array(present)
  let filled = 0
  for (let row = 0; row < rows; row++) {
    const code = codes[row]!
    if (code === 0) continue
    if (renamed[code] === 0) renamed[code] = used.push(words[code - 1]!)
    compacted[filled++] = renamed[code]! - 1
  }
  const pieces = used.flatMap(word => {
    const text = Buffer.from(word)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return [length, text]
  })
  return { dictionary: Buffer.concat(pieces), codes: compacted, words: used.length }
}

/** The code width, then one run of codes packed into that many bits, lowest first; a single word needs only a repeated run. */
function packCodes(codes: Int32Array, words: number): Uint8Array {
  if (words === 1) return Uint8Array.from([1, ...varint(codes.length << 1), 0])
  const width = 32 - Math.clz32(words - 1)
  const groups = (codes.length + 7) >> 3
  const head = [width, ...varint((groups << 1) | 1)]
  const packed = new Uint8Array(head.length + groups * width)
  packed.set(head)
  let at = head.length
  let held = 0
  let bits = 0
  for (let i = 0; i < codes.length; i++) {
    // At most 7 bits are pending, and a code has at most 24 here: batches have fewer words than rows.
    held |= codes[i]! << bits
    bits += width
    while (bits >= 8) {
      packed[at++] = held & 255
      held >>>= 8
      bits -= 8
    }
  }
  if (bits > 0) packed[at] = held
  return packed
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128)
  return [...bytes, rest]
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
