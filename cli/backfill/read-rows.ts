import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { LintelError, messageOf } from '../../core/errors.ts'
import { type EventType, eventTypes, fieldsOf } from '../../devices/contract/kinds.ts'
import type { Fault } from '../../devices/contract/validate.ts'

/** A row of the file: its content, or why it has none. */
export type FileRow = { readonly line: number } & (
  | { readonly value: object; readonly isExported: boolean }
  | { readonly fault: Fault }
)

const maxLineBytes = 64 * 1024

/**
 * JSON lines with one event each: the members of the contract, plus its device. Rows written by `lintel export` have no
 * `data`: its members are beside the others.
 */
export async function* readJsonLines(path: string, type: string | undefined): AsyncGenerator<FileRow> {
  let held: Buffer = Buffer.alloc(0)
  let line = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield* parseLine(rest.subarray(0, end), ++line, type)
      rest = rest.subarray(end + 1)
    }
    if (rest.length > maxLineBytes)
      throw new LintelError('IMPORT_ROW_INVALID', `line ${line + 1} is longer than ${maxLineBytes} bytes`)
    held = rest
  }
  yield* parseLine(held, line + 1, type)
}

function* parseLine(bytes: Buffer, line: number, type: string | undefined): Generator<FileRow> {
  const text = bytes.toString().replace(/^\ufeff/, '')
  if (text.trim() === '') return
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      yield 'data' in value ? { line, value, isExported: false } : rowOf(line, value as Cells, type)
    else yield malformed(line, 'the line is not a JSON object')
  } catch {
    yield malformed(line, 'the line is not JSON')
  }
}

const malformed = (line: number, reason: string): FileRow => ({
  line,
  fault: { code: 'EVENT_MALFORMED', reason },
})

type Cells = Readonly<Record<string, unknown>>
const envelope = ['device', 'id', 'type', 'time']
/** Columns that `lintel export` adds to the event; the place of a device is known anyway. */
const told = ['received', 'site', 'building', 'point', 'late', 'skewed']
const isBeside = (name: string) => envelope.includes(name) || told.includes(name)

/** A CSV with a header: device, id, type and time, and the members of the data under their own names. */
export async function* readCsv(path: string, type: string | undefined): AsyncGenerator<FileRow> {
  const parser = createReadStream(path).pipe(
    parse({ columns: true, bom: true, info: true, relax_column_count: true, skip_empty_lines: true, max_record_size: maxLineBytes }),
  ) // biome-ignore format: one line
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Cells
      info: { lines: number }
    }>)
      yield rowOf(info.lines, record, type)
  } catch (error) {
    throw new LintelError('IMPORT_ROW_INVALID', `the file is not a CSV: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

const rowOf = (line: number, cells: Cells, type: string | undefined): FileRow => ({
  line,
  value: eventOf(cells, type),
  isExported: told.every(name => name in cells),
})

/** Empty cells and nulls are absent. Members that the type does not have are passed on, to be counted as ignored. */
function eventOf(record: Cells, fallback: string | undefined): object {
  const type = record.type || fallback
  const fields = new Map(
    eventTypes.includes(type as EventType)
      ? fieldsOf(type as EventType).map(field => [field.name, field.type])
      : [],
  )
  const data: Record<string, unknown> = {}
  for (const [name, cell] of Object.entries(record)) {
    if (cell === '' || cell === null || isBeside(name)) continue
    data[name] = typeof cell === 'string' ? valueOfCell(cell, fields.get(name)) : cell
  }
  const { device, id, time } = record
  return { ...(device ? { device } : {}), ...(id ? { id } : {}), ...(type ? { type } : {}), time, data }
}

function valueOfCell(cell: string, type: string | undefined): unknown {
  if ((type === 'integer' || type === 'number') && cell.trim() !== '' && Number.isFinite(Number(cell))) return Number(cell) // biome-ignore format: one line
  if (type === 'boolean' && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase() === 'true'
  return cell
}
