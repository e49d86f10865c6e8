import type { ScanBatch, ScanColumn, ScanValues, Texts } from '../../ingest/store/scan.ts'
import type { Encoder } from './encoder.ts'
import { encodeFlatbuffer, type Flat, type FlatTable } from './flatbuffer.ts'
import { isWhole, packBits, packLongs, presenceOf } from './values.ts'

/**
 * Arrow IPC, its file: a message for the schema, one for each batch, and a footer that says where they are:
 * https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format. Texts stand in full: a dictionary would have
 * to be whole before the first row.
 */
const magic = Buffer.from('ARROW1\0\0')
const endOfStream = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
const version: Flat = { i16: 4 }
const header = { schema: 1, batch: 3 } as const

export const arrow: Encoder = {
  mediaType: 'application/vnd.apache.arrow.file',
  suffix: 'arrow',
  appends: false,
  async *encode({ columns, batches, zone }, { onBatch } = {}) {
    const schema = schemaOf(columns, zone)
    const blocks: number[][] = []
    const head = messageOf(header.schema, schema, 0)
    let offset = magic.length + head.length
    yield Buffer.concat([magic, head])
    for await (const batch of batches) {
      if (batch.rows === 0) continue
      const { nodes, buffers } = bodyOf(columns, batch)
      const layout: number[][] = []
      let bytes = 0
      for (const { length } of buffers) {
        layout.push([bytes, length])
        bytes += padded(length)
      }
      const message = messageOf(
        header.batch,
        [{ i64: batch.rows }, { structs: nodes }, { structs: layout }],
        bytes,
      )
      blocks.push([offset, message.length, bytes])
      offset += message.length + bytes
      yield message
      for (const buffer of buffers) {
        yield buffer
        if (padded(buffer.length) > buffer.length) yield Buffer.alloc(padded(buffer.length) - buffer.length)
      }
      onBatch?.(batch)
    }
    const footer = encodeFlatbuffer([version, { table: schema }, { structs: [] }, { structs: blocks }])
    const length = Buffer.alloc(4)
    length.writeInt32LE(footer.length)
    yield Buffer.concat([endOfStream, footer, length, magic.subarray(0, 6)])
  },
}

const padded = (length: number) => (length + 7) & ~7

function messageOf(type: number, table: FlatTable, bodyBytes: number): Buffer {
  const message = encodeFlatbuffer([version, { u8: type }, { table }, { i64: bodyBytes }])
  const prefix = Buffer.alloc(8, 0xff)
  prefix.writeInt32LE(message.length, 4)
  return Buffer.concat([prefix, message])
}

function schemaOf(columns: readonly ScanColumn[], zone: string): FlatTable {
  const types: Record<ScanColumn['type'], [type: number, FlatTable]> = {
    integer: [2, [{ i32: 64 }, { u8: 1 }]],
    number: [3, [{ i16: 2 }]],
    text: [5, []],
    boolean: [6, []],
    time: [10, [{ i16: 1 }, { text: zone }]],
  }
  const fields = columns.map(({ name, type }): FlatTable => {
    const [code, table] = types[type]
    return [{ text: name }, { u8: 1 }, { u8: code }, { table }, undefined, { tables: [] }]
  })
  return [undefined, { tables: fields }]
}

/** For each column: which rows are there (nothing where all are), and its values. */
function bodyOf(columns: readonly ScanColumn[], batch: ScanBatch) {
  const nodes: number[][] = []
  const buffers: Uint8Array[] = []
  for (const [index, column] of columns.entries()) {
    const values = batch.columns[index]!
    const { absent, isPresent } = presenceOf(values, batch.rows)
    nodes.push([batch.rows, absent])
    buffers.push(absent === 0 ? new Uint8Array(0) : packBits(batch.rows, isPresent))
    buffers.push(...valueBuffers(column, values, batch.rows))
  }
  return { nodes, buffers }
}

function valueBuffers(column: ScanColumn, values: ScanValues, rows: number): Uint8Array[] {
  if ('codes' in values) return textBuffers(values, rows)
  if (values instanceof Uint8Array) return [packBits(rows, row => values[row] === 2)]
  const all = values.subarray(0, rows)
  if (isWhole(column)) return [packLongs(all.map(value => (Number.isNaN(value) ? 0 : value)))]
  return [new Uint8Array(all.buffer, all.byteOffset, all.byteLength)]
}

function textBuffers({ codes, words }: Texts, rows: number): Uint8Array[] {
  const texts = [Buffer.alloc(0), ...words.map(word => Buffer.from(word))]
  const ends = new Int32Array(rows + 1)
  for (let row = 0; row < rows; row++) ends[row + 1] = ends[row]! + texts[codes[row]!]!.length
  const bytes = Buffer.alloc(ends[rows]!)
  for (let row = 0; row < rows; row++) bytes.set(texts[codes[row]!]!, ends[row]!)
  return [new Uint8Array(ends.buffer), bytes]
}
