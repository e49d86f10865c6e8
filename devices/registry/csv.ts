import { parse } from 'csv-parse/sync'
import { LintelError, messageOf } from '../../core/errors.ts'
import { faultOfEncoding } from '../../core/text-encoding.ts'
import { kindWords, readHeader, separatorOf } from './csv-header.ts'
import type { Enrolled } from './enrol-one.ts'
import type { Registry } from './registry.ts'

export interface ImportReport {
  readonly enrolled: number
  readonly moved: number
  readonly unchanged: number
  /** One for each refused row; `row` counts lines of the file, the header being 1. */
  readonly faults: readonly { readonly row: number; readonly device: string; readonly reason: string }[]
  /** The tokens of new devices, shown this once; empty for a dry run. */
  readonly tokens: readonly { readonly device: string; readonly token: string }[]
}

const yesOrNo = new Map([...['yes', 'true', '1', '是'].map(word => [word, true] as const), ...['no', 'false', '0', '否'].map(word => [word, false] as const)]) // biome-ignore format: words

/**
 * Enrols the devices of a CSV with the header `device,kind,site,building,point,zone,household`. The last two may be left
 * out; household is yes or no; other columns are refused, since one of them may be a person's. Column names may have any
 * case or be Chinese, and cells may be separated by `;` or tabs. Good rows are enrolled even if others are wrong;
 * importing the same file again changes nothing. Throws IMPORT_ROW_INVALID only if the file as a whole cannot be read.
 */
export async function importDevices(
  registry: Registry,
  csv: string,
  defaultZone: string,
  now: number,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<ImportReport> {
  const seen = new Map<string, number>()
  const faults: { row: number; device: string; reason: string }[] = []
  const good: { row: number; value: unknown }[] = []
  for (const { line, cells, fault } of readRows(csv)) {
    const device = cells.device ?? ''
    const earlier = seen.get(device)
    const reason = fault ?? (earlier === undefined ? undefined : `listed already in row ${earlier}`)
    if (reason === undefined) good.push({ row: line, value: deviceOf(cells, defaultZone) })
    else faults.push({ row: line, device, reason })
    if (earlier === undefined && device !== '') seen.set(device, line)
  }
  const answers = await registry.enrol(
    good.map(({ value }) => value),
    now,
    { dryRun },
  )
  answers.forEach((answer, index) => {
    if (answer.outcome === 'refused')
      faults.push({ row: good[index]!.row, device: answer.device, reason: answer.reason })
  })
  const count = (outcome: Enrolled['outcome']) => answers.filter(answer => answer.outcome === outcome).length
  return {
    enrolled: count('enrolled'),
    moved: count('moved'),
    unchanged: count('unchanged'),
    faults: faults.sort((a, b) => a.row - b.row),
    tokens: answers.flatMap(answer =>
      answer.outcome === 'enrolled' && !dryRun ? [{ device: answer.device, token: answer.token }] : [],
    ),
  }
}

/** A list without the column, or with an empty cell, says nothing about households; an unknown word is passed on and refused. */
function deviceOf(
  { household = '', kind = '', ...cells }: Record<string, string>,
  defaultZone: string,
): unknown {
  const said = household === '' ? {} : { household: yesOrNo.get(household.toLowerCase()) ?? household }
  return { ...cells, kind: kindWords[kind] ?? kind, zone: cells.zone || defaultZone, ...said }
}

/** Removes the quote that our own lists put before a cell that a spreadsheet would take for a formula. */
const plainCell = (cell: string) => cell.replace(/^'(?=[-@＝＋－＠﹢﹣﹦﹫])/u, '')

interface CsvRow {
  readonly line: number
  readonly cells: Record<string, string>
  readonly fault?: string
}

function readRows(csv: string): CsvRow[] {
  const refused = (reason: string) => new LintelError('IMPORT_ROW_INVALID', reason)
  const wrongText = faultOfEncoding(csv)
  if (wrongText !== undefined) throw refused(wrongText)
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(csv, {
      bom: true,
      delimiter: separatorOf(csv),
      trim: true,
      skip_empty_lines: true,
      // Spreadsheets leave lines of bare commas.
      skip_records_with_empty_values: true,
      relax_column_count: true,
      info: true,
    }) as never
  } catch (error) {
    throw refused(`the file is not CSV: ${messageOf(error)}`)
  }
  const first = records.shift()?.record ?? []
  const header = readHeader(first)
  if ('fault' in header) throw refused(header.fault)
  const { names } = header
  return records.map(({ record, info }) => {
    const cells = Object.fromEntries(names.map((name, index) => [name, plainCell(record[index] ?? '')]))
    if (record.length === names.length) return { line: info.lines, cells }
    return { line: info.lines, cells, fault: `${record.length} cells where the header has ${names.length}` }
  })
}
