import stringWidth from 'string-width'
import { plain } from '../../core/plain-text.ts'
import type { FlowAnswer, FlowRow } from '../../flow/answer.ts'
import { isSlot } from '../../flow/measures.ts'
import { legendOf, notesOf, tell, wordOf } from './formats.ts'
import type { Sentences } from './language.ts'
import { type Group, sparkLines } from './spark-lines.ts'

export interface Canvas {
  /** Width of the terminal, in characters. */
  readonly columns: number
  readonly colours: boolean
}

/** A line per group, or a map of hours by weekdays if the query is by both. Rows must be complete (`fill`). */
export function plotAnswer(told: FlowAnswer, say: Sentences, canvas: Canvas): string {
  const answer = withMeans(told)
  const { by, rows, every, from, to } = answer
  if (rows.length === 0) return `${[say.nothing, ...notesOf(answer, say)].join('\n')}\n`
  const groups = groupsOf(answer, say)
  const isMap = every === 'all' && by.includes('hour-of-day') && by.includes('day-of-week')
  const lines = isMap
    ? groups.flatMap(group => [...(group.label === '' ? [] : [group.label]), ...heatMap(group, answer, say, canvas), '']) // biome-ignore format: one line
    : sparkLines(groups, answer, say, canvas.columns)
  const most = rows.reduce((a, { count }) => Math.max(a, count ?? 0), 0)
  return `${[...lines, `${from} … ${to}  ${say.most} ${tell(most)}`, ...legendOf(answer, say), ...notesOf(answer, say)].join('\n')}\n`
}

/** Draws means if there are any: a period may have four Mondays and five Sundays. */
const withMeans = (answer: FlowAnswer): FlowAnswer => ({
  ...answer,
  rows: answer.rows.map(row => (row.mean === undefined ? row : { ...row, count: row.mean })),
})

function groupsOf({ by, rows }: FlowAnswer, say: Sentences): Group[] {
  const named = by.flatMap((dimension, index) => (isSlot(dimension) ? [] : [index]))
  const groups = new Map<string, FlowRow[]>()
  for (const row of rows) {
    const label = plain(named.map(index => wordOf(by[index]!, row.values[index]!, say) || '–').join(' '))
    const known = groups.get(label)
    if (known === undefined) groups.set(label, [row])
    else known.push(row)
  }
  return [...groups].map(([label, rows]) => ({ label, rows }))
}

const shades = ' ░▒▓█'
/** From dark blue to yellow, in the 256 colours of xterm. */
const colours = [17, 18, 19, 55, 91, 127, 163, 198, 203, 208, 214, 220]

function heatMap({ rows }: Group, { by }: FlowAnswer, say: Sentences, canvas: Canvas): string[] {
  const [hourAt, dayAt] = [by.indexOf('hour-of-day'), by.indexOf('day-of-week')]
  const cells = new Map(rows.map(row => [`${row.values[dayAt]} ${row.values[hourAt]}`, row.count]))
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))
  const most = rows.reduce((a, { count }) => Math.max(a, count ?? 0), 1)
  const labelWidth = Math.max(...say.weekdays.map(text => stringWidth(text)))
  const header = ' '.repeat(labelWidth + 1) + hours.join(' ')
  return [
    header,
    ...say.weekdays.map((name, index) => {
      const line = hours.map(hour => cellOf(cells.get(`${index + 1} ${hour}`), most, canvas)).join('')
      return `${name}${' '.repeat(labelWidth - stringWidth(name))} ${line}`.trimEnd()
    }),
  ]
}

/** Three characters wide; undefined means it is not in the answer. */
function cellOf(count: number | null | undefined, most: number, { colours: coloured }: Canvas): string {
  if (count === undefined) return '   '
  if (count === null) return ' * '
  const part = Math.max(0, count / most)
  if (!coloured) return shades[Math.min(4, Math.ceil(part * 4))]!.repeat(3)
  const colour = colours[Math.min(colours.length - 1, Math.floor(part * colours.length))]
  return `\u001b[48;5;${colour}m   \u001b[0m`
}
