import {
  AsyncByteQueue,
  Bool,
  type Data,
  type DataType,
  Field,
  Float64,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
} from 'apache-arrow'
import type { ScanColumn, ScanValues, Texts } from '../../ingest/store/scan.ts'
import type { EncodeOptions, Table } from './encoder.ts'
import { isWhole, packBits, packLongs, presenceOf } from './values.ts'

/** Collects the writer's output, to be taken after each batch. */
class Chunks extends AsyncByteQueue {
  #written: Uint8Array[] = []

  override write(chunk: unknown): void {
    if (chunk instanceof Uint8Array && chunk.byteLength > 0) this.#written.push(chunk)
  }

  take(): Uint8Array[] {
    const written = this.#written
    this.#written = []
    return written
  }
}

/** The Arrow IPC file format. Each batch is complete: a dictionary of texts would have to be known before the first row. */
export async function* encodeArrow(
  { columns, batches, zone }: Table,
  onBatch: EncodeOptions['onBatch'],
): AsyncGenerator<Uint8Array> {
  const schema = new Schema(columns.map(column => new Field(column.name, typeOf(column, zone), true)))
  const type = new Struct(schema.fields)
  const chunks = new Chunks()
  const writer = new RecordBatchFileWriter()
  writer.reset(chunks, schema)
  yield* chunks.take()
  for await (const batch of batches) {
    const { rows: length } = batch
    if (length === 0) continue
    const children = columns.map((column, index) => dataOf(column, batch.columns[index]!, length, zone))
    writer.write(new RecordBatch(schema, makeData({ type, length, nullCount: 0, children })))
    yield* chunks.take()
    onBatch?.(batch)
  }
  writer.finish()
  yield* chunks.take()
}

function typeOf({ type }: ScanColumn, zone: string): DataType {
  const types = {
    integer: () => new Int64(),
    number: () => new Float64(),
    text: () => new Utf8(),
    boolean: () => new Bool(),
    time: () => new TimestampMillisecond(zone),
  }
  return types[type]()
}

/** A column of a batch in Arrow's memory layout: https://arrow.apache.org/docs/format/Columnar.html#physical-memory-layout. */
function dataOf(column: ScanColumn, values: ScanValues, length: number, zone: string): Data {
  const { absent: nullCount, isPresent } = presenceOf(values, length)
  const nullBitmap = nullCount === 0 ? undefined : packBits(length, isPresent)
  return makeData({
    type: typeOf(column, zone),
    length,
    nullCount,
    nullBitmap,
    ...buffersOf(column, values, length),
  } as never)
}

function buffersOf(column: ScanColumn, values: ScanValues, rows: number) {
  if ('codes' in values) return textBuffers(values, rows)
  if (values instanceof Uint8Array) return { data: packBits(rows, row => values[row] === 2) }
  const all = values.subarray(0, rows)
  if (!isWhole(column)) return { data: all }
  return { data: new BigInt64Array(packLongs(all.map(value => (Number.isNaN(value) ? 0 : value))).buffer) }
}

function textBuffers({ codes, words }: Texts, rows: number) {
  const texts = [Buffer.alloc(0), ...words.map(word => Buffer.from(word))]
  const valueOffsets = new Int32Array(rows + 1)
  for (let row = 0; row < rows; row++) valueOffsets[row + 1] = valueOffsets[row]! + texts[codes[row]!]!.length
  const data = Buffer.alloc(valueOffsets[rows]!)
  for (let row = 0; row < rows; row++) data.set(texts[codes[row]!]!, valueOffsets[row]!)
  return { valueOffsets, data }
}
