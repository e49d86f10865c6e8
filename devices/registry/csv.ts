import { parse } from 'csv-parse/sync'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { Enrolled, Registry } from './registry.ts'

export interface ImportReport {
  readonly enrolled: number
  readonly moved: number
  readonly unchanged: number
  /** One for each row that was refused; `row` counts lines of the file, the header being 1. */
  readonly faults: readonly { readonly row: number; readonly device: string; readonly reason: string }[]
  /** The tokens of new devices, shown this once. */
  readonly tokens: readonly { readonly device: string; readonly token: string }[]
}

const columns = ['device', 'kind', 'site', 'building', 'point', 'zone', 'household']
const yesOrNo = new Map([...['yes', 'true', '1', '是'].map(word => [word, true] as const), ...['no', 'false', '0', '否'].map(word => [word, false] as const)]) // biome-ignore format: words
const optional = ['zone', 'household']

/**
 * Enrols the devices of a CSV with the header `device,kind,site,building,point,zone,household` (the
 * last two may be left out; household is yes or no; other columns are refused, since one of them may be a person's). Good rows are enrolled
 * even where others are wrong; saying the same file again changes nothing.
 * Throws IMPORT_ROW_INVALID only where the file as a whole cannot be read.
 */
export async function importDevices(
  registry: Registry,
  csv: string,
  defaultZone: string,
  now: number,
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
      answer.outcome === 'enrolled' ? [{ device: answer.device, token: answer.token }] : [],
    ),
  }
}

/** A list without the column, or with an empty cell, says nothing of households; a word that is none is told as such. */
function deviceOf({ household = '', ...cells }: Record<string, string>, defaultZone: string): unknown {
  const said = household === '' ? {} : { household: yesOrNo.get(household.toLowerCase()) ?? household }
  return { ...cells, zone: cells.zone || defaultZone, ...said }
}

interface CsvRow {
  readonly line: number
  readonly cells: Record<string, string>
  readonly fault?: string
}

function readRows(csv: string): CsvRow[] {
  const refused = (reason: string) => new LintelError('IMPORT_ROW_INVALID', reason)
  // What was no UTF-8 has been read as U+FFFD: names would be enrolled that nobody can read.
  const unreadable = csv.indexOf('\uFFFD')
  if (unreadable >= 0) {
    const line = csv.slice(0, unreadable).split('\n').length
    throw refused(
      `line ${line} is not UTF-8: save the file as "CSV UTF-8"; from GBK: iconv -f GB18030 -t UTF-8`,
    )
  }
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(csv, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      // Spreadsheets leave lines of bare commas behind.
      skip_records_with_empty_values: true,
      relax_column_count: true,
      info: true,
    }) as never
  } catch (error) {
    throw refused(`the file is not CSV: ${messageOf(error)}`)
  }
  const header = records.shift()?.record ?? []
  const wrong = [
    ...columns
      .filter(name => !optional.includes(name) && !header.includes(name))
      .map(name => `column ${name} is missing`),
    ...header
      .filter(name => !columns.includes(name))
      .map(name => `column "${name.slice(0, 32)}" is not known`),
    ...columns
      .filter(name => header.indexOf(name) !== header.lastIndexOf(name))
      .map(name => `column ${name} is there twice`),
  ]
  if (wrong.length > 0)
    throw refused(`the first line must be ${columns.join(',')}, the last two if wanted: ${wrong.join('; ')}`)
  return records.map(({ record, info }) => {
    const cells = Object.fromEntries(header.map((name, index) => [name, record[index] ?? '']))
    if (record.length === header.length) return { line: info.lines, cells }
    return { line: info.lines, cells, fault: `${record.length} cells where the header has ${header.length}` }
  })
}
