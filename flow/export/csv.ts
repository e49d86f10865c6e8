import { plain } from '../../core/plain-text.ts'
import type { ScanBatch, ScanColumn, ScanValues } from '../../ingest/store/scan.ts'
import type { Encoder } from './encoder.ts'
import { createTimeFormat } from './local-time.ts'
import { textSlices } from './text-slices.ts'

/**
 * RFC 4180. A cell that a spreadsheet would run as a formula is escaped, also for the wide signs of East Asian
 * spreadsheets (OWASP, CSV Injection); invisible characters are written as their codes.
 */
export function csvCell(value: string): string {
  const text = plain(value)
  const safe = /^[=+\-@＝＋－＠﹢﹣﹦﹫]/u.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const csv: Encoder = {
  mediaType: 'text/csv; charset=utf-8',
  suffix: 'csv',
  appends: true,
  async *encode({ columns, batches, zone }, { bom = false, head = true, onBatch } = {}) {
    if (head)
      yield Buffer.from(`${bom ? '\ufeff' : ''}${columns.map(({ name }) => csvCell(name)).join(',')}\r\n`)
    const formats = columns.map(column => cellOf(column, zone))
    const lineOf = ({ columns: values }: ScanBatch) => {
      const cells = formats.map((format, index) => format(values[index]!))
      return (row: number) => {
        let line = cells[0]!(row)
        for (let i = 1; i < cells.length; i++) line += `,${cells[i]!(row)}`
        return `${line}\r\n`
      }
    }
    yield* textSlices(batches, lineOf, onBatch)
  },
}

/** Given a column, then a batch, then a row, returns its cell. */
function cellOf({ type }: ScanColumn, zone: string): (values: ScanValues) => (row: number) => string {
  const format = createTimeFormat(zone)
  const booleans = ['', 'false', 'true']
  return values => {
    if ('codes' in values) {
      const { codes } = values
      const cells = ['', ...values.words.map(csvCell)]
      return row => cells[codes[row]!]!
    }
    if (values instanceof Uint8Array) return row => booleans[values[row]!]!
    const text = type === 'time' ? format : String
    return row => (Number.isNaN(values[row]) ? '' : text(values[row]!))
  }
}
