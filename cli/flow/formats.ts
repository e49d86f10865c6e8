import stringWidth from 'string-width'
import { plain, plainJson } from '../../core/plain-text.ts'
import type { FlowAnswer, FlowRow } from '../../flow/answer.ts'
import { renderCsv, renderTable } from '../output.ts'
import type { Sentences } from './language.ts'

/** Turns an answer into text, including line ends. */
export type Format = (answer: FlowAnswer, say: Sentences) => string

/** Values of `--format`. */
export const formats: Readonly<Record<string, Format>> = {
  table: renderAnswer,
  csv(answer) {
    const { header, cells } = columnsOf(answer)
    return `${renderCsv(
      header,
      answer.rows.map(row => cells(row).map(cell => cell ?? '')),
    )}\r\n`
  },
  json: answer => `${plainJson(JSON.stringify(answer))}\n`,
  jsonl(answer) {
    const { header, cells } = columnsOf(answer)
    const toLine = (row: FlowRow) => {
      const values = cells(row)
      return `${plainJson(JSON.stringify(Object.fromEntries(header.map((name, index) => [name, values[index]]))))}\n`
    }
    return answer.rows.map(toLine).join('')
  },
}

/** The columns of a row for programs: the same for every row of an answer. */
function columnsOf({ by, measure, before, suppression, rows }: FlowAnswer) {
  const hides = suppression !== undefined
  const shares = rows.some(({ share }) => share !== undefined)
  const means = rows.some(({ mean }) => mean !== undefined)
  const header = [
    'start',
    ...by,
    measure,
    ...(hides ? ['hidden'] : []),
    ...(before === undefined ? [] : ['before', ...(hides ? ['beforeHidden'] : [])]),
    ...(shares ? ['share'] : []),
    ...(means ? ['mean'] : []),
  ]
  const cells = (row: FlowRow): (string | number | null)[] => [
    row.start,
    ...row.values,
    row.count,
    ...(hides ? [row.hidden ?? 0] : []),
    ...(before === undefined ? [] : [row.before ?? null, ...(hides ? [row.beforeHidden ?? 0] : [])]),
    ...(shares ? [row.share ?? null] : []),
    ...(means ? [row.mean ?? null] : []),
  ]
  return { header, cells }
}

/** For people: a star for what is hidden, a dash for what does not exist. */
function renderAnswer(answer: FlowAnswer, say: Sentences): string {
  const { by, every, measure, unit, rows, total, hidden, before, others } = answer
  const name = unit === 's' ? `${measure} (s)` : measure
  const numbers: [string, (row: FlowRow) => string][] = [[name, row => tell(row.count, row.hidden)]]
  if (before !== undefined) {
    numbers.push(['before', row => (row.before === undefined ? '' : tell(row.before, row.beforeHidden))])
    numbers.push(['change', changeOf])
  }
  if (rows.some(({ share }) => share !== undefined))
    numbers.push(['share', ({ share }) => (share == null ? '' : `${(share * 100).toFixed(1)} %`)])
  if (rows.some(({ mean }) => mean !== undefined))
    numbers.push([
      'a day',
      ({ mean, hidden = 0 }) => (mean == null ? '' : `${mean.toFixed(1)}${hidden > 0 ? '*' : ''}`),
    ])
  const columns = numbers.map(([title, cell]) => [title, alignRight(title, rows.map(cell))] as const)
  const table = rows.map(({ start, values }, index) => ({
    ...(every === 'all' ? {} : { start }),
    ...Object.fromEntries(by.map((dimension, i) => [dimension, wordOf(dimension, values[i]!, say)])),
    ...Object.fromEntries(columns.map(([title, cells]) => [title, cells[index]])),
  }))
  return `${[
    rows.length === 0 ? say.nothing : renderTable(table),
    ...(others === undefined ? [] : [`${say.others(others.groups)} ${tell(others.count, others.hidden)}`]),
    `${say.total} ${tell(total, hidden)}`,
    ...(before === undefined
      ? []
      : [`${say.before(before.from, before.to)} ${tell(before.total, before.hidden)}`]),
    ...legendOf(answer, say),
    ...(rows.length > 0 && rows.every(({ count, hidden }) => count === null && hidden) ? [say.untold] : []),
    ...notesOf(answer, say),
  ].join('\n')}\n`
}

/** Explains the star, and up to when numbers are shown. */
export const legendOf = ({ suppression }: FlowAnswer, say: Sentences): string[] =>
  suppression === undefined ? [] : [say.legend(suppression.minCount), say.until(suppression.until)]

/** Facts that the numbers do not show. */
export const notesOf = ({ notes = [] }: FlowAnswer, say: Sentences): string[] =>
  notes.map(note => plain(say.note(note)))

export function tell(count: number | null, hidden = 0): string {
  const star = hidden > 0 ? '*' : ''
  return count === null ? star || '–' : `${Math.round(count * 10) / 10}${star}`
}

export const wordOf = (dimension: string, value: string, say: Sentences) =>
  dimension === 'day-of-week' ? say.weekdays[Number(value) - 1]! : value

function changeOf({ count, before, hidden = 0, beforeHidden = 0 }: FlowRow): string {
  if (count === null || before == null || before === 0 || hidden + beforeHidden > 0) return ''
  const percent = Math.round(((count - before) / Math.abs(before)) * 100)
  return `${percent > 0 ? '+' : ''}${percent === 0 ? 0 : percent} %`
}

function alignRight(title: string, cells: readonly string[]): string[] {
  const width = cells.reduce((most, cell) => Math.max(most, stringWidth(cell)), stringWidth(title))
  return cells.map(cell => ' '.repeat(width - stringWidth(cell)) + cell)
}
