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

const columns = ['device', 'kind', 'site', 'building', 'point', 'zone']

/**
 * Enrols the devices of a CSV with the header `device,kind,site,building,point,zone` (zone may be
 * left out; other columns are refused, since one of them may be a person's). Good rows are enrolled
 * even where others are wrong; saying the same file again changes nothing.
 * Throws IMPORT_ROW_INVALID only where the file as a whole cannot be read.
 */
export async function importDevices(
  registry: Registry,
  csv: string,
  defaultZone: string,
  now: number,
): Promise<ImportReport> {
  const rows = readRows(csv)
  const seen = new Map<string, number>()
  const faults: { row: number; device: string; reason: string }[] = []
  const good: { row: number; value: unknown }[] = []
  for (const { line, cells } of rows) {
    const value = { ...cells, zone: cells.zone || defaultZone }
    const device = cells.device ?? ''
    const earlier = seen.get(device)
    if (cells.fault !== undefined) faults.push({ row: line, device, reason: cells.fault })
    else if (earlier !== undefined)
      faults.push({ row: line, device, reason: `listed already in row ${earlier}` })
    else good.push({ row: line, value })
    if (earlier === undefined) seen.set(device, line)
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

function readRows(csv: string): { line: number; cells: Record<string, string> }[] {
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(csv, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
    }) as never
  } catch (error) {
    throw new LintelError('IMPORT_ROW_INVALID', `the file is not CSV: ${messageOf(error)}`)
  }
  const header = records.shift()?.record ?? []
  const unknown = header.filter(name => !columns.includes(name))
  const missing = columns.filter(name => name !== 'zone' && !header.includes(name))
  if (unknown.length > 0 || missing.length > 0) {
    const wrong = [
      ...missing.map(name => `column ${name} is missing`),
      ...unknown.map(name => `column "${name.slice(0, 32)}" is not known`),
    ]
    throw new LintelError(
      'IMPORT_ROW_INVALID',
      `the first line must be ${columns.join(',')}: ${wrong.join('; ')}`,
    )
  }
  return records.map(({ record, info }) => {
    const cells: Record<string, string> = Object.fromEntries(
      header.map((name, index) => [name, record[index] ?? '']),
    )
    if (record.length !== header.length) {
      return {
        line: info.lines,
        cells: {
          device: cells.device ?? '',
          fault: `${record.length} cells where the header has ${header.length}`,
        },
      }
    }
    return { line: info.lines, cells }
  })
}
