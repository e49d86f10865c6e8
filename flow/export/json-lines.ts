import { plainJson } from '../../core/plain-text.ts'
import type { ScanBatch, ScanColumn, ScanValues } from '../../ingest/store/scan.ts'
import type { Encoder } from './encoder.ts'
import { createTimeFormat } from './local-time.ts'
import { textSlices } from './text-slices.ts'

/** One object per line; absent values are null, so that every line has every member. */
export const jsonLines: Encoder = {
  mediaType: 'application/jsonl; charset=utf-8',
  suffix: 'jsonl',
  appends: true,
  async *encode({ columns, batches, zone }, { onBatch } = {}) {
    const formats = columns.map(column => memberOf(column, zone))
    const lineOf = ({ columns: values }: ScanBatch) => {
      const members = formats.map((format, index) => format(values[index]!))
      return (row: number) => {
        let line = `{${members[0]!(row)}`
        for (let i = 1; i < members.length; i++) line += `,${members[i]!(row)}`
        return `${line}}\n`
      }
    }
    yield* textSlices(batches, lineOf, onBatch)
  },
}

function memberOf({ name, type }: ScanColumn, zone: string): (values: ScanValues) => (row: number) => string {
  const key = `${JSON.stringify(name)}:`
  const format = createTimeFormat(zone)
  const absent = `${key}null`
  const booleans = [absent, `${key}false`, `${key}true`]
  return values => {
    if ('codes' in values) {
      const { codes } = values
      const members = [absent, ...values.words.map(word => key + plainJson(JSON.stringify(word)))]
      return row => members[codes[row]!]!
    }
    if (values instanceof Uint8Array) return row => booleans[values[row]!]!
    if (type === 'time')
      return row => (Number.isNaN(values[row]) ? absent : `${key}"${format(values[row]!)}"`)
    return row => (Number.isNaN(values[row]) ? absent : key + values[row])
  }
}
