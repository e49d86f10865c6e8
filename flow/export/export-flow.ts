import { type ScanColumn, valuesOf } from '../../ingest/store/scan.ts'
import type { FlowAnswer, FlowRow } from '../answer.ts'
import type { Table } from './encoder.ts'

type Told = readonly [column: ScanColumn, of: (row: FlowRow) => unknown]

/** An answer as a table of one batch: start, values, count and any other columns; null means that it may not be shown. */
export function tableOfFlow({ rows, by, measure, unit, zone, before, suppression }: FlowAnswer): Table {
  const hides = suppression !== undefined
  const amount = (name: string, of: Told[1]): Told => [
    { name, type: unit === 'count' ? 'integer' : 'number' },
    of,
  ]
  const told: Told[] = [
    [{ name: 'start', type: 'time' }, ({ start }) => Date.parse(start)],
    ...by.map((name, index): Told => [{ name, type: 'text' }, ({ values }) => values[index]]),
    amount(measure, ({ count }) => count),
  ]
  if (hides) told.push([{ name: 'hidden', type: 'integer' }, ({ hidden = 0 }) => hidden])
  if (before !== undefined) told.push(amount('before', row => row.before))
  if (hides && before !== undefined)
    told.push([{ name: 'beforeHidden', type: 'integer' }, ({ beforeHidden = 0 }) => beforeHidden])
  if (rows.some(({ share }) => share !== undefined))
    told.push([{ name: 'share', type: 'number' }, ({ share }) => share])
  if (rows.some(({ mean }) => mean !== undefined))
    told.push([{ name: 'mean', type: 'number' }, ({ mean }) => mean])
  const values = told.map(([column, of]) => valuesOf(column, rows.map(of)))
  const columns = told.map(([column]) => column)
  return { columns, batches: [{ rows: rows.length, columns: values, cursor: '' }], zone }
}
