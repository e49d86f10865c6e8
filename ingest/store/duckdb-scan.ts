import type { DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { LintelError } from '../../core/errors.ts'
import { columnFieldsOf } from '../../devices/contract/kinds.ts'
import type { Connections } from './duckdb-connections.ts'
import { columnName, flagBits } from './duckdb-tables.ts'
import {
  createCoder,
  packCursor,
  type Scan,
  type ScanBatch,
  type ScanQuery,
  type ScanValues,
  scanColumnsOf,
  scanPlaceColumns,
  type Texts,
  unpackCursor,
} from './scan.ts'

/**
 * Rows per page. Each page is a query over a range of positions: 10 ms, in a transaction that ends with it. One query
 * for everything would keep the log from being folded into the file for as long as its reader is slow.
 */
const pageRows = 65_536
const maxRange = 128 * pageRows
/**
 * Chunks are memory of DuckDB, freed with the object that represents them. The engine does not see their size, so it is
 * told to collect: an export of 10 million rows takes 170 to 185 MB instead of 210.
 */
const collectEvery = 16

/** Rows of one journal that the query wants, as of its start. */
interface Stretch {
  readonly number: number
  readonly after: number
  readonly last: number
}

/** Rows ordered by journal and by position within it. */
export async function scanDuckDb(connections: Connections, query: ScanQuery): Promise<Scan> {
  const { kind, signal } = query
  const ids = await placesOf(connections, query)
  const only = ids === undefined ? '' : ` AND f.place IN (${ids.length === 0 ? 'NULL' : ids.join(', ')})`
  const wanted = `FROM ${kind} f WHERE f.at_ms >= ${query.from} AND f.at_ms < ${query.to}${only}`
  const names = await readNames(connections)
  const [numberAfter, seqAfter] = await positionOf(connections, query.after)
  const found = (await connections.query(
    `SELECT f.journal, min(f.seq)::DOUBLE, max(f.seq)::DOUBLE, count(*)::DOUBLE ${wanted}
      AND (f.journal > ${numberAfter} OR (f.journal = ${numberAfter} AND f.seq > ${seqAfter}))
      GROUP BY f.journal ORDER BY f.journal`,
  )) as [number, number, number, number][]
  const stretches = found.map(([number, first, last]) => ({ number, after: first - 1, last }))

  async function* batches(): AsyncGenerator<ScanBatch> {
    const nameOf = new Map(
      [...connections.known().journals].map(([journal, { number }]) => [number, journal]),
    )
    for (const stretch of stretches) {
      let held: DuckDBDataChunk[] = []
      for await (const { chunks, next } of pages(connections, query, stretch, wanted)) {
        held.push(...chunks)
        const rows = rowsOf(held)
        // Small pages are combined, because a file has one part per batch.
        if (rows === 0 || (rows < pageRows / 2 && next < stretch.last)) continue
        const columns = await columnsOfPage(held, rows, query.kind, names)
        held = []
        yield { rows, columns, cursor: packCursor([nameOf.get(stretch.number) ?? '', next]) }
        signal?.throwIfAborted()
      }
    }
  }
  return {
    columns: scanColumnsOf(kind),
    expected: found.reduce((sum, [, , , n]) => sum + n, 0),
    batches: batches(),
  }
}

async function* pages(
  connections: Connections,
  { kind, signal }: ScanQuery,
  { number, after, last }: Stretch,
  wanted: string,
): AsyncGenerator<{ chunks: readonly DuckDBDataChunk[]; next: number }> {
  const fields = columnFieldsOf(kind).map(({ name, type }) => {
    const column = `f."${columnName(name)}"`
    if (type === 'integer' || type === 'number') return `coalesce(${column}, 'nan'::DOUBLE)`
    return type === 'string' ? `coalesce(${column}, 0)` : column
  })
  const listed = ['f.seq', 'f.at_ms', 'f.received_ms', 'f.place', 'f.flags', ...fields].join(', ')
  let range = pageRows
  let read = 0
  for (let from = after; from < last; ) {
    const to = Math.min(from + range, last)
    const sql = `SELECT ${listed} ${wanted} AND f.journal = ${number} AND f.seq > ${from} AND f.seq <= ${to} ORDER BY f.seq LIMIT ${pageRows}`
    const chunks = await connections.queryChunks(sql, signal)
    // The query may have been too quick to be interrupted.
    signal?.throwIfAborted()
    const rows = rowsOf(chunks)
    // Rows of other kinds, times and places lie in between: widen a range that held few.
    if (rows < pageRows / 2) range = Math.min(2 * range, maxRange)
    else if (rows === pageRows) range = Math.max(pageRows, range / 2)
    from = rows === pageRows ? lastSeq(chunks.at(-1)!) : to
    if (++read % collectEvery === 0) await globalThis.gc?.({ type: 'major', execution: 'async' })
    yield { chunks, next: from }
  }
}

const rowsOf = (chunks: readonly DuckDBDataChunk[]) => chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)

function lastSeq(chunk: DuckDBDataChunk): number {
  const seqs = longs(chunk, 0)
  return seqs[chunk.rowCount - 1]!
}

/** Ids of the wanted places; undefined if all are wanted. */
async function placesOf(connections: Connections, { where }: ScanQuery): Promise<number[] | undefined> {
  const parameters: string[] = []
  const conditions = Object.entries(where).map(
    ([name, values]) =>
      `"${name}" IN (${values.length === 0 ? 'NULL' : values.map(value => `$${parameters.push(value)}`).join(', ')})`,
  )
  if (conditions.length === 0) return undefined
  const rows = await connections.query(`SELECT id FROM place WHERE ${conditions.join(' AND ')}`, parameters)
  return rows.map(([id]) => id as number)
}

/** Number of the cursor's journal, and the position in it. */
async function positionOf(connections: Connections, after: string | undefined): Promise<[number, number]> {
  if (after === undefined) return [-1, 0]
  const [journal, seq] = unpackCursor(after) ?? []
  const number = connections.known().journals.get(String(journal))?.number
  if (number !== undefined && Number.isSafeInteger(seq)) return [number, seq as number]
  throw new LintelError('API_REQUEST_INVALID', 'the cursor is of another store: begin anew, without one')
}

/** Columns of names by place id, and texts by number. */
async function readNames(connections: Connections) {
  const coders = scanPlaceColumns.map(() => createCoder())
  const codes: Int32Array[] = []
  let known = -1
  let words: string[] = []

  async function load(): Promise<void> {
    const places = await connections.query(`SELECT id, ${scanPlaceColumns.join(', ')} FROM place`)
    known = places.reduce((most, [id]) => Math.max(most, id as number), 0)
    coders.forEach((coder, index) => {
      codes[index] = new Int32Array(known + 1)
      for (const [id, ...names] of places) codes[index]![id as number] = coder.code(names[index] as string)
    })
    words = (await connections.query('SELECT word FROM word ORDER BY id')).map(([word]) => word as string)
  }
  await load()
  return {
    /** Reads again if a place or a word has been added. */
    async cover(place: number, word: number): Promise<void> {
      if (place > known || word > words.length) await load()
    },
    placeTexts: (places: Int32Array): Texts[] =>
      coders.map((coder, index) => ({ codes: places.map(id => codes[index]![id]!), words: coder.words })),
    words: () => words,
  }
}

async function columnsOfPage(
  chunks: readonly DuckDBDataChunk[],
  rows: number,
  kind: ScanQuery['kind'],
  names: Awaited<ReturnType<typeof readNames>>,
): Promise<ScanValues[]> {
  const gather = <T extends Float64Array | Int32Array | Uint8Array>(
    target: T,
    index: number,
    read: (chunk: DuckDBDataChunk, index: number) => ArrayLike<number>,
  ): T => {
    let offset = 0
    for (const chunk of chunks) {
      target.set(read(chunk, index), offset)
      offset += chunk.rowCount
    }
    return target
  }
  const places = gather(new Int32Array(rows), 3, ints)
  const flags = gather(new Uint8Array(rows), 4, bytes)
  const fields = columnFieldsOf(kind).map((field, index): ScanValues | Int32Array => {
    const at = 5 + index
    if (field.type === 'enum') return { codes: gather(new Uint8Array(rows), at, bytes), words: field.values }
    if (field.type === 'boolean') return gather(new Uint8Array(rows), at, bytes)
    if (field.type === 'string') return gather(new Int32Array(rows), at, ints)
    return gather(new Float64Array(rows), at, doubles)
  })
  const numbered = fields.filter(field => field instanceof Int32Array)
  await names.cover(largest(places), Math.max(0, ...numbered.map(largest)))
  return [
    gather(new Float64Array(rows), 1, longs),
    gather(new Float64Array(rows), 2, longs),
    ...names.placeTexts(places),
    flags.map(bits => (bits & flagBits.late ? 2 : 1)),
    flags.map(bits => (bits & flagBits.skewed ? 2 : 1)),
    ...fields.map(field => (field instanceof Int32Array ? { codes: field, words: names.words() } : field)),
  ]
}

const largest = (values: Int32Array) => values.reduce((most, value) => Math.max(most, value), 0)

/** A view of DuckDB's own memory: copy it while the chunk exists. */
function bytesOf(chunk: DuckDBDataChunk, index: number, width: number): Uint8Array {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
  return duckdb.vector_get_data(vector, chunk.rowCount * width)
}

const bytes = (chunk: DuckDBDataChunk, index: number) => bytesOf(chunk, index, 1)

function ints(chunk: DuckDBDataChunk, index: number): Int32Array {
  const { buffer, byteOffset } = bytesOf(chunk, index, 4)
  return new Int32Array(buffer, byteOffset, chunk.rowCount)
}

function doubles(chunk: DuckDBDataChunk, index: number): Float64Array {
  const { buffer, byteOffset } = bytesOf(chunk, index, 8)
  return new Float64Array(buffer, byteOffset, chunk.rowCount)
}

/** Reads 64 bits as two halves: BigInts would take five times as long. */
function longs(chunk: DuckDBDataChunk, index: number): Float64Array {
  const { buffer, byteOffset } = bytesOf(chunk, index, 8)
  const halves = new Int32Array(buffer, byteOffset, 2 * chunk.rowCount)
  const values = new Float64Array(chunk.rowCount)
  for (let i = 0; i < values.length; i++)
    values[i] = halves[2 * i + 1]! * 4_294_967_296 + (halves[2 * i]! >>> 0)
  return values
}
