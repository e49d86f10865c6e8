import {
  packCursor,
  type Scan,
  type ScanBatch,
  type ScanQuery,
  scanColumnsOf,
  scanPlaceColumns,
  unpackCursor,
  valuesOf,
} from './scan.ts'
import type { Row } from './store.ts'

const batchRows = 10_000

/** Rows in the order of arrival; the cursor is the number of rows examined. */
export function scanRows(rows: readonly Row[], query: ScanQuery): Scan {
  const { kind, from, to, where, after, signal } = query
  const columns = scanColumnsOf(kind)
  const begin = after === undefined ? 0 : Number(unpackCursor(after)?.[0])
  const isMeant = ({ record, place }: Row) =>
    record.kind === kind &&
    record.at >= from &&
    record.at < to &&
    scanPlaceColumns.every(name => where[name]?.includes(place[name]) ?? true)
  const found = rows.flatMap((row, index) => (index >= begin && isMeant(row) ? [{ row, index }] : []))

  async function* batches(): AsyncGenerator<ScanBatch> {
    for (let start = 0; start < found.length; start += batchRows) {
      signal?.throwIfAborted()
      const part = found.slice(start, start + batchRows)
      const values = columns.map(column =>
        valuesOf(
          column,
          part.map(({ row }) => memberOf(row, column.name)),
        ),
      )
      yield { rows: part.length, columns: values, cursor: packCursor([part.at(-1)!.index + 1]) }
    }
  }
  return { columns, expected: found.length, batches: batches() }
}

function memberOf({ record, place }: Row, name: string): unknown {
  const head: Record<string, unknown> = {
    time: record.at,
    received: record.receivedAt,
    late: record.late,
    skewed: record.skewed,
  }
  for (const column of scanPlaceColumns) head[column] = place[column]
  return name in head ? head[name] : (record.data as Record<string, unknown>)[name]
}
