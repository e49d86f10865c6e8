import { type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { Numbering } from './duckdb-known.ts'
import { type ColumnValues, columnsOf, duckTypes, toColumns } from './duckdb-tables.ts'
import type { Row } from './store.ts'

/** Number of rows in a DuckDB vector. */
const vectorRows = 2048

/** Appends rows of one journal, and the names that are new with them. Call inside the connection's transaction. */
export async function appendRows(
  writer: DuckDBConnection,
  rows: readonly Row[],
  journalNumber: number,
  numbering: Numbering,
): Promise<void> {
  for (const [kind, ofKind] of byKind(rows))
    await appendColumns(writer, kind, toColumns(kind, ofKind, journalNumber, numbering))
  for (const { id, names } of numbering.newPlaces.values())
    await writer.run('INSERT INTO place VALUES ($1, $2, $3, $4, $5, $6)', [id, ...names])
  for (const [word, id] of numbering.newWords)
    await writer.run('INSERT INTO word VALUES ($1, $2)', [id, word])
}

/**
 * Appends columns to a table, inside the connection's transaction. Each call makes its own appender: one that is reused
 * would carry rows of a rolled-back transaction into the next.
 */
async function appendColumns(
  writer: DuckDBConnection,
  kind: StoredKind,
  columns: readonly ColumnValues[],
): Promise<void> {
  const layout = columnsOf(kind)
  const rows = columns[0]!.length
  const appender = await writer.createAppender(kind)
  try {
    const chunk = DuckDBDataChunk.create(layout.map(({ type }) => duckTypes[type]))
    for (let start = 0; start < rows; start += vectorRows) {
      const count = Math.min(vectorRows, rows - start)
      chunk.reset()
      chunk.rowCount = count
      columns.forEach((values, index) => {
        const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
        const width = values.BYTES_PER_ELEMENT
        // Untyped memory: by construction the arrays have the columns' types (duckdb-tables.ts).
        duckdb.copy_data_to_vector(
          vector,
          0,
          values.buffer as ArrayBuffer,
          values.byteOffset + start * width,
          count * width,
        )
        if (layout[index]!.field !== undefined) markAbsent(vector, values, start, count)
      })
      appender.appendDataChunk(chunk)
    }
    appender.flushSync()
    appender.closeSync()
  } catch (error) {
    // Otherwise closing would flush what it still holds.
    appender.clear()
    appender.closeSync()
    throw error
  }
}

function markAbsent(
  vector: Parameters<typeof duckdb.vector_get_data>[0],
  values: ColumnValues,
  start: number,
  count: number,
): void {
  if (values instanceof Uint8Array) return
  const isAbsent =
    values instanceof Float64Array ? (i: number) => Number.isNaN(values[i]!) : (i: number) => values[i] === 0
  let bits: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    if (!isAbsent(start + i)) continue
    bits ??= new Uint8Array(vectorRows / 8).fill(0xff)
    bits[i >> 3]! &= ~(1 << (i & 7))
  }
  if (bits === undefined) return
  duckdb.vector_ensure_validity_writable(vector)
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, 0, bits.length)
}

function byKind(rows: readonly Row[]): Map<StoredKind, Row[]> {
  const kinds = new Map<StoredKind, Row[]>()
  for (const row of rows) {
    const { kind } = row.record
    const list = kinds.get(kind)
    if (list === undefined) kinds.set(kind, [row])
    else list.push(row)
  }
  return kinds
}
