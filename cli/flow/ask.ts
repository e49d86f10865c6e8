import type { Temporal } from 'temporal-polyfill'
import { LintelError } from '../../core/errors.ts'
import type { FlowQuestion } from '../../flow/question.ts'
import { parseMoment } from '../../flow/zone.ts'

export interface AskOptions {
  readonly measure: string
  readonly from?: string
  readonly to?: string
  readonly last?: string
  readonly every?: string
  readonly by?: string
  readonly where: readonly string[]
  readonly fill?: string
  readonly compare?: string
  readonly top?: string
  readonly share?: boolean
  readonly mean?: boolean
  readonly zone?: string
}

const wrong = (reason: string) => new LintelError('FLOW_QUERY_INVALID', reason)

/** The query that command-line options describe; without a time, for today. Throws FLOW_QUERY_INVALID. */
export function toQuestion(options: AskOptions, defaultZone: string, now: Temporal.Instant): FlowQuestion {
  const { measure, every, fill, compare, top, share, mean, zone = defaultZone } = options
  return {
    measure, every, fill, compare, share, mean, zone,
    ...rangeOf(options, zone, now),
    by: options.by?.split(',').map(name => name.trim()) ?? [],
    where: readWhere(options.where),
    top: top === undefined ? undefined : Number(top),
  } // biome-ignore format: parts
}

/** Reads `site=a,b`, each dimension once. */
function readWhere(texts: readonly string[]): Record<string, string[]> {
  const where: Record<string, string[]> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1) throw wrong(`--where must be such as site=a,b, not "${text}"`)
    const name = text.slice(0, at).trim()
    if (Object.hasOwn(where, name)) throw wrong(`--where names ${name} twice: separate values by commas`)
    where[name] = text.slice(at + 1).split(',')
  }
  return where
}

/** The last calendar unit that is over. */
const wholes = { yesterday: 'day', week: 'week', month: 'month', year: 'year' } as const
const units = { h: 'hours', d: 'days', w: 'weeks', M: 'months', y: 'years' } as const

export function rangeOf({ from, to, last }: Pick<AskOptions, 'from' | 'to' | 'last'>, zone: string, now: Temporal.Instant) {
  const today = startOfToday(zone, now)
  // An invalid zone: the query reports it.
  if (today === undefined) return { from: from ?? '', to: to ?? '' }
  if (last === undefined) {
    // An invalid date: the query reports it.
    if (from === undefined && to !== undefined && parseMoment(to, zone) <= today.epochMilliseconds)
      throw wrong(`--to ${to} lies before today, and without --from the time begins today: give --from, too`)
    return { from: from ?? today.toPlainDate().toString(), to: to ?? today.add({ days: 1 }).toPlainDate().toString() }
  }
  if (from !== undefined || to !== undefined) throw wrong('--last goes without --from and --to')
  const tell = (at: Temporal.ZonedDateTime) => at.toString({ timeZoneName: 'never', smallestUnit: 'second' })
  if (Object.hasOwn(wholes, last)) {
    const unit = wholes[last as 'week']
    const end = startOf(unit, today)
    return { from: tell(end.subtract({ [`${unit}s`]: 1 })), to: tell(end) }
  }
  const [, n, unit] = /^(\d{1,4})([hdwMy])$/.exec(last) ?? []
  if (unit === undefined || Number(n) === 0) throw wrong(`--last must be such as 12h, 7d, 4w, 3M or 1y, or ${Object.keys(wholes).join(', ')}`)
  const end = unit === 'h' ? now.toZonedDateTimeISO(zone).round({ smallestUnit: 'hour', roundingMode: 'ceil' }) : today.add({ days: 1 })
  return { from: tell(end.subtract({ [units[unit as 'h']]: Number(n) })), to: tell(end) }
} // biome-ignore format: long lines

/** Start of the week, month or year that contains a day. */
function startOf(unit: (typeof wholes)['week' | 'yesterday' | 'month' | 'year'], today: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  if (unit === 'day') return today
  const first = unit === 'week' ? today.subtract({ days: today.dayOfWeek - 1 }) : today.with(unit === 'year' ? { month: 1, day: 1 } : { day: 1 })
  return first.startOfDay()
} // biome-ignore format: long lines

function startOfToday(zone: string, now: Temporal.Instant): Temporal.ZonedDateTime | undefined {
  try {
    return now.toZonedDateTimeISO(zone).startOfDay()
  } catch {
    return undefined
  }
}
