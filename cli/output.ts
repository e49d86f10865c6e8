import stringWidth from 'string-width'
import { plain, plainJson, plainLines } from '../core/plain-text.ts'
import { csvCell } from '../flow/export/csv.ts'
import { momentsIn } from './moments.ts'

/** Output of a command: a table for people or JSON for programs. */
export interface Output {
  /** `rows` for people, `value` for programs. */
  table(rows: readonly Readonly<Record<string, unknown>>[], value?: unknown): void
  /** One or more lines for people; `value` for programs. */
  say(lines: string | readonly string[], value?: unknown): void
}

/** In its JSON, moments are in `zone`. */
export function createOutput(
  json: boolean,
  zone: string,
  write: (text: string) => void = text => process.stdout.write(text),
): Output {
  const print = (text: string, value: unknown) =>
    write(json ? `${plainJson(JSON.stringify(value, momentsIn(zone)))}\n` : `${text}\n`)
  return {
    table: (rows, value = rows) => print(renderTable(rows), value),
    say: (lines, value) => {
      const told = [lines].flat()
      print(told.map(plain).join('\n'), value ?? { message: told.join('\n') })
    },
  }
}

/** Writes to standard error, separate from a command's output. */
export const note = (text: string): void => void process.stderr.write(`${plainLines(text)}\n`)

/** Prints lines that a command has composed itself from plain cells. */
export const printText = (text: string): void => void process.stdout.write(text)

export function renderTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const names = Object.keys(rows[0] ?? {})
  if (names.length === 0) return '(nothing)'
  const cells = [names.map(plain), ...rows.map(row => names.map(name => toText(row[name])))]
  const widths = names.map((_, column) => Math.max(...cells.map(row => stringWidth(row[column]!))))
  const numeric = names.map(name => rows.every(row => typeof row[name] === 'number'))
  return cells
    .map(row =>
      row
        .map((cell, column) => pad(cell, widths[column]!, numeric[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return plain(String(value))
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return right ? space + text : text + space
}

/** RFC 4180, safe to open in a spreadsheet. */
export function renderCsv(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cell = (value: string | number) => (typeof value === 'number' ? String(value) : csvCell(value))
  return [header, ...rows].map(row => row.map(cell).join(',')).join('\r\n')
}
