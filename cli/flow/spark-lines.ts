import stringWidth from 'string-width'
import { dayMs } from '../../core/clock.ts'
import type { FlowAnswer, FlowRow } from '../../flow/answer.ts'
import { clockStepMs } from '../../flow/calendar.ts'
import { isSlot } from '../../flow/measures.ts'
import { tell, wordOf } from './formats.ts'
import type { Sentences } from './language.ts'

export interface Group {
  readonly label: string
  readonly rows: readonly FlowRow[]
}

/** A block of the line: a step, and an hour or weekday in it. */
interface Column {
  readonly key: string
  readonly row: FlowRow
}

const blocks = '▁▂▃▄▅▆▇█'

/** One line of blocks per group, all on one scale, with a time axis below. */
export function sparkLines(
  groups: readonly Group[],
  answer: FlowAnswer,
  say: Sentences,
  terminal: number,
): string[] {
  const labelWidth = Math.max(...groups.map(({ label }) => stringWidth(label)))
  const room = Math.max(10, terminal - labelWidth - 14)
  const columns = columnsOf(groups, answer)
  const each = Math.ceil(columns.length / room)
  const names = columns.filter((_, index) => index % each === 0).map(({ row }) => nameOf(row, answer, say))
  const nameWidth = Math.max(...names.map(text => stringWidth(text)))
  // Hours and weekdays are few, so each is labelled if there is room.
  const isWide = answer.every === 'all' && names.length * (nameWidth + 1) <= room
  const width = isWide ? nameWidth : 1
  const gap = isWide ? ' ' : ''

  const squeezed = groups.map(({ rows }) => squeeze(rows, columns, each, answer))
  const told = squeezed.flat().filter(count => typeof count === 'number')
  // A net flow may be negative.
  const least = told.reduce((a, b) => Math.min(a, b), 0)
  const span = told.reduce((a, b) => Math.max(a, b), 1) - least
  const lines = groups.map(({ label, rows }, index) => {
    const line = squeezed[index]!.map(count => blockOf(count, least, span).repeat(width)).join(gap)
    const hidden = rows.reduce((sum, row) => sum + (row.hidden ?? 0), 0)
    return `${label}${' '.repeat(labelWidth - stringWidth(label))}  ${line}  ${tell(sumTold(rows), hidden)}`
  })
  const axis = axisOf(names, nameWidth, isWide ? nameWidth + 1 : 1)
  return axis === '' ? lines : [...lines, `${' '.repeat(labelWidth + 2)}${axis}`]
}

function blockOf(count: number | null | undefined, least: number, span: number): string {
  if (count === undefined) return ' '
  if (count === null) return '*'
  return blocks[Math.min(7, Math.max(0, Math.ceil(((count - least) / span) * 8) - 1))]!
}

const slotsOf = ({ values }: FlowRow, { by }: FlowAnswer) =>
  by.flatMap((dimension, index) => (isSlot(dimension) ? [values[index]!] : []))
const keyOf = (row: FlowRow, answer: FlowAnswer) => [row.start, ...slotsOf(row, answer)].join(' ')

/** The starts in all groups: one that began later has fewer rows than others. */
function columnsOf(groups: readonly Group[], answer: FlowAnswer): Column[] {
  const columns = new Map<string, FlowRow>()
  for (const { rows } of groups)
    for (const row of rows) if (!columns.has(keyOf(row, answer))) columns.set(keyOf(row, answer), row)
  const order = ({ row }: Column) => [Date.parse(row.start), slotsOf(row, answer).join(' ')] as const
  return [...columns]
    .map(([key, row]) => ({ key, row }))
    .sort((a, b) => {
      const [[at, slot], [otherAt, otherSlot]] = [order(a), order(b)]
      return at - otherAt || (slot < otherSlot ? -1 : 1)
    })
}

/** Merges neighbours until the line fits; undefined if there is no row, null if none may be shown. */
function squeeze(
  rows: readonly FlowRow[],
  columns: readonly Column[],
  each: number,
  answer: FlowAnswer,
): (number | null | undefined)[] {
  const byKey = Map.groupBy(rows, row => keyOf(row, answer))
  return Array.from({ length: Math.ceil(columns.length / each) }, (_, i) => {
    const part = columns.slice(i * each, (i + 1) * each).flatMap(({ key }) => byKey.get(key) ?? [])
    return part.length === 0 ? undefined : sumTold(part)
  })
}

function sumTold(rows: readonly FlowRow[]): number | null {
  const told = rows.map(({ count }) => count).filter(count => count !== null)
  return told.length === 0 ? null : told.reduce((sum, count) => sum + count, 0)
}

/** Label of a column: its hour, weekday or date. */
function nameOf(row: FlowRow, answer: FlowAnswer, say: Sentences): string {
  const { by, every, from, to } = answer
  const slots = by.flatMap((dimension, index) =>
    isSlot(dimension) ? [wordOf(dimension, row.values[index]!, say)] : [],
  )
  if (every === 'all') return slots.join(' ')
  const [date = '', time = ''] = row.start.split('T')
  if (every === '1y') return date.slice(0, 4)
  if (every === '1M') return date.slice(0, 7)
  const isShort = clockStepMs(every) !== undefined && Date.parse(to) - Date.parse(from) <= 2 * dayMs
  return isShort ? time.slice(0, 5) : date.slice(5)
}

/** Labels below their columns, as many as fit; equal ones only once. */
function axisOf(names: readonly string[], nameWidth: number, columnWidth: number): string {
  let axis = ''
  let last = ''
  for (const [index, name] of names.entries()) {
    const at = index * columnWidth
    if (name === last || at < (axis === '' ? 0 : stringWidth(axis) + 1)) continue
    if (at > 0 && at + nameWidth > names.length * columnWidth + 1) break
    axis += ' '.repeat(at - stringWidth(axis)) + name
    last = name
  }
  return axis
}
