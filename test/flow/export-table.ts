import type { ScanBatch, ScanColumn, ScanValues } from '../../ingest/store/scan.ts'
import { valuesOf } from '../../ingest/store/scan.ts'

export const columns: readonly ScanColumn[] = [
  { name: 'time', type: 'time' },
  { name: 'site', type: 'text' },
  { name: 'late', type: 'boolean' },
  { name: 'openMs', type: 'integer' },
  { name: 'speedKmh', type: 'number' },
]

export type Cells = readonly (string | number | boolean | null)[]

export const batchOf = (rows: readonly Cells[], among: readonly ScanColumn[] = columns): ScanBatch => ({
  rows: rows.length,
  columns: among.map(
    (column, index): ScanValues =>
      valuesOf(
        column,
        rows.map(row => row[index]),
      ),
  ),
  cursor: String(rows.length),
})

const at = Date.UTC(2026, 10, 21, 0, 30)

export const someRows: readonly Cells[] = [
  [at, '南社', true, 4_000_000_000, 41.5],
  [at + 1, '12栋, "东"', false, 0, -0.25],
  [at + 40, null, null, null, null],
  [Date.UTC(1969, 0, 1), '=1+2', false, Number.MAX_SAFE_INTEGER, 1e-300],
  [at, 'a\nb', true, 1, 3],
]

export async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}
