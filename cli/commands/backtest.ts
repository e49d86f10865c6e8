import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parse as parseYaml } from 'yaml'
import { type Calendar, noCalendar, parseCalendar } from '../../alerts/calendar/calendar.ts'
import { chinaCalendar, chinaZones } from '../../alerts/calendar/china.ts'
import { createSlots } from '../../alerts/calendar/day.ts'
import { type FlowSide, flowSides } from '../../alerts/unusual/detector/state.ts'
import { LintelError } from '../../core/errors.ts'
import { fileFault } from '../../core/files.ts'
import { isZone } from '../../core/zone.ts'
import { formatLocal } from '../../flow/zone.ts'
import { readCounts } from '../backtest/read-counts.ts'
import { replay } from '../backtest/replay.ts'
import { note, printText, renderTable } from '../output.ts'

interface BacktestOptions {
  readonly step: string
  readonly zone: string
  readonly budget: string
  readonly side: string
  readonly calendar?: string
  readonly format?: string
  readonly json?: boolean
  readonly scores?: boolean
}

type Row = Readonly<Record<string, string | number | boolean | null>>

const formats: Readonly<Record<string, (header: readonly string[], rows: readonly Row[]) => string>> = {
  table: (_header, rows) => `${renderTable(rows)}\n`,
  // Plain line feeds, for pipes; none of our values needs quotes.
  csv: (header, rows) =>
    [header, ...rows.map(row => header.map(name => row[name] ?? ''))]
      .map(cells => `${cells.join(',')}\n`)
      .join(''),
  json: (_header, rows) => `${JSON.stringify(rows)}\n`,
  jsonl: (_header, rows) => rows.map(row => `${JSON.stringify(row)}\n`).join(''),
}

export function addBacktestCommand(program: Command): void {
  program
    .command('backtest')
    .argument('<file>', 'CSV with the header time,count; an empty or negative count is missing')
    .description('which flow would have been called unusual')
    .option('--step <minutes>', 'length of a bin: 5m to 1h', '30m')
    .option('--zone <zone>', 'IANA time zone of the place', 'Asia/Shanghai')
    .option('--budget <n>', 'episodes a week', '2')
    .option('--side <side>', 'high: too much; low: too little', 'high')
    .option('--calendar <file>', 'holidays, worked weekends, occasions (default: of China, in its zones)')
    .option('--format <format>', `${Object.keys(formats).join(', ')} (default: table)`)
    .option('--json', 'print JSON: one array; as --format json')
    .option('--scores', 'a line for each bin instead of each episode')
    .action((file: string, options: BacktestOptions) => {
      const { stepMin, budget, side, format } = checked(options)
      const slotAt = createSlots(options.zone, calendarOf(options))
      const { bins, notes } = readCounts(file, stepMin, options.zone)
      for (const line of notes) note(line)
      const settings = { stepMin, budgetPerWeek: { high: budget, low: budget } }
      const { episodes, verdicts } = replay(bins, settings, slotAt, side)
      const time = (at: number) => formatLocal(options.zone, at)
      printText(
        options.scores
          ? format(
              ['time', 'count', 'expected', 'score', 'flagged'],
              bins.map(({ at, count }) => {
                const { expected, scores, flagged } = verdicts.get(at) ?? { scores: null }
                return {
                  time: time(at),
                  count,
                  expected: expected === undefined ? null : rounded(expected, 2),
                  score: scores === null ? null : rounded(scores[side], 3),
                  flagged: flagged?.[side] ?? false,
                }
              }),
            )
          : format(
              ['begin', 'end', 'expected', 'actual', 'score'],
              episodes.map(({ begin, end, expected, actual, score }) => ({
                begin: time(begin),
                end: time(end),
                expected: rounded(expected, 1),
                actual,
                score: rounded(score, 3),
              })),
            ),
      )
    })
}

/** Throws CONFIG_INVALID with every problem. */
function checked({
  step,
  zone,
  budget,
  side,
  json = false,
  format = json ? 'json' : 'table',
}: BacktestOptions) {
  const problems: string[] = []
  const match = /^(\d{1,4})(m|h)$/.exec(step)
  const stepMin = Number(match?.[1]) * (match?.[2] === 'h' ? 60 : 1)
  if (!(stepMin >= 5 && stepMin <= 60 && 1440 % stepMin === 0))
    problems.push(`--step must divide the day and be 5m to 1h, such as 5m, 15m or 30m, not "${step}"`)
  if (!isZone(zone)) problems.push(`--zone must be an IANA time zone, such as Asia/Shanghai, not "${zone}"`)
  const perWeek = /^\d+(?:\.\d+)?$/.test(budget) ? Number(budget) : 0
  if (!(perWeek > 0 && perWeek <= 100))
    problems.push(`--budget must be episodes a week, more than 0 and at most 100, not "${budget}"`)
  if (!flowSides.includes(side as FlowSide)) problems.push(`--side must be ${flowSides.join(' or ')}`)
  if (json && format !== 'json') problems.push(`--json and --format ${format} do not go together: give one`)
  const render = Object.hasOwn(formats, format) ? formats[format] : undefined
  if (render === undefined) problems.push(`--format must be one of ${Object.keys(formats).join(', ')}`)
  if (render === undefined || problems.length > 0)
    throw new LintelError('CONFIG_INVALID', problems.join('\n'))
  return { stepMin, budget: perWeek, side: side as FlowSide, format: render }
}

function calendarOf({ zone, calendar }: BacktestOptions): Calendar {
  if (calendar === undefined) return chinaZones.includes(zone) ? chinaCalendar : noCalendar
  let value: unknown
  try {
    value = parseYaml(readFileSync(calendar, 'utf8'))
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `${calendar}: ${fileFault(error)}`, { cause: error })
  }
  return parseCalendar(value, calendar)
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits))
