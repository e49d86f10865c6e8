import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { assertBomFits, fileFormat } from '../../cli/export/file-format.ts'
import { lintel } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const formats = ['table', 'csv', 'json', 'jsonl', 'parquet', 'arrow']
const of = (file: string | undefined, given?: string, some = formats) =>
  fileFormat({ file, given, formats: some, fallback: some[0]! })

describe('the format of a file', () => {
  const good = [
    { file: 'x.parquet', format: 'parquet' },
    { file: 'a.b/X.CSV', format: 'csv' },
    { file: 'x.json', format: 'json' },
    { file: 'x.jsonl', format: 'jsonl' },
    { file: 'x.ndjson', format: 'jsonl' },
    { file: 'x.arrow', format: 'arrow' },
    { file: 'x.feather', format: 'arrow' },
    { file: 'x.txt', format: 'table' },
    { file: 'x.parquet', given: 'parquet', format: 'parquet' },
    { file: 'x.dat', given: 'csv', format: 'csv' },
    { file: '/dev/fd/3', given: 'csv', format: 'csv' },
    { file: undefined, format: 'table' },
    { file: '-', format: 'table' },
    { file: '-', given: 'csv', format: 'csv' },
  ]
  for (const { file, given, format } of good)
    test(`named ${file}${given ? `, with --format ${given},` : ''} is ${format}`, () => {
      expect(of(file, given)).toBe(format)
    })

  const wrong = [
    { file: 'x.dat', say: /x\.dat does not say which format.*\.csv, .*\.parquet.*--format table, csv/ },
    { file: 'x', say: /x does not say which format/ },
    { file: 'x.csv.gz', say: /does not say which format/ },
    { file: 'x.csv', given: 'parquet', say: /--format parquet and the name x\.csv do not go together: \.csv is for csv/ },
    { file: 'x.csv', given: 'xlsx', say: /--format must be one of table, csv/ },
  ] // biome-ignore format: a table
  for (const { file, given, say } of wrong)
    test(`named ${file}${given ? `, with --format ${given},` : ''} is refused`, () => {
      expect(() => of(file, given)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(say) }),
      )
    })

  test('is none that the command does not have', () => {
    expect(() => of('x.json', undefined, ['csv', 'jsonl'])).toThrow(
      /end it with \.csv, \.jsonl, \.ndjson, or/,
    )
  })

  test('has a byte order mark only where it is csv', () => {
    expect(() => assertBomFits(true, 'parquet')).toThrow(/--bom is for csv/)
    expect(() => assertBomFits(true, 'csv')).not.toThrow()
    expect(() => assertBomFits(undefined, 'parquet')).not.toThrow()
  })
})

test('flow, export and backfill refuse a name that says nothing or something else, and write nothing', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  writeFileSync(at('history.xlsx'), '')
  const cases = [
    ['flow', '--out', at('x.dat')],
    ['flow', '--json', '--out', at('x.csv')],
    ['flow', '--json', '--format', 'csv'],
    ['flow', '--bom', '--format', 'jsonl'],
    ['export', '--out', at('x.dat')],
    ['export', '--out', at('x.csv'), '--format', 'parquet'],
    ['backfill', at('history.xlsx')],
  ]
  const ends = await Promise.all(cases.map(args => lintel(...args, '--data', directory)))
  for (const { code, stderr } of ends) expect([code, stderr]).toEqual([78, expect.stringMatching(/^CONFIG_INVALID: .*(format|csv)/)]) // biome-ignore format: one line
  expect(['x.dat', 'x.csv'].filter(name => existsSync(at(name)) || existsSync(at(`${name}.part`)))).toEqual(
    [],
  )
}, 60_000)
