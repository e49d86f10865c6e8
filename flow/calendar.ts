import { Temporal } from 'temporal-polyfill'
import { dayMs, hourMs, minuteMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import { type Segment, segmentsOf, zonedAt } from './zone.ts'

/** Steps of local time: by the clock up to a day, then by the calendar. */
const clockSteps = {
  '15m': 15 * minuteMs, '30m': 30 * minuteMs, '1h': hourMs, '2h': 2 * hourMs, '3h': 3 * hourMs,
  '6h': 6 * hourMs, '12h': 12 * hourMs,
} as const // biome-ignore format: a table
/** Their shortest lengths. */
const calendarSteps = { '1d': dayMs, '1w': 7 * dayMs, '1M': 28 * dayMs, '1y': 365 * dayMs, all: 0 } as const
export type Step = keyof typeof clockSteps | keyof typeof calendarSteps
export const stepNames = [...Object.keys(clockSteps), ...Object.keys(calendarSteps)] as Step[]

/** Undefined for a step whose length depends on the calendar. */
export const clockStepMs = (every: Step): number | undefined => clockSteps[every as keyof typeof clockSteps]

/** Three years of quarters of an hour, or eleven of hours. */
export const maxSteps = 100_000
/** Nobody has older events; and each change of a zone's offset costs. */
const maxRangeMs = 100 * 366 * dayMs

/** Throws FLOW_QUERY_TOO_WIDE, saying how it can be asked. */
export function assertAskable(every: Step, from: number, to: number): void {
  const tooWide = (reason: string) => new LintelError('FLOW_QUERY_TOO_WIDE', reason)
  if (to - from > maxRangeMs) throw tooWide('from and to are more than 100 years apart')
  const countOf = (step: Step) => {
    const lengthMs = clockStepMs(step) ?? calendarSteps[step as keyof typeof calendarSteps]
    return lengthMs === 0 ? 1 : Math.ceil((to - from) / lengthMs)
  }
  if (countOf(every) <= maxSteps) return
  const fitting = stepNames.find(step => countOf(step) <= maxSteps)!
  const days = Math.round((to - from) / dayMs)
  throw tooWide(
    `${days} days are ${countOf(every)} steps of ${every}, and ${maxSteps} is the most: ask with every=${fitting}, or for less time`,
  )
}

/**
 * When the steps that [from, to) reaches into begin, in order: the first may begin before `from`. `all` is one step,
 * which begins with `from`. Steps of up to an hour that the clock was set within begin anew when it was set: an hour that comes
 * twice is two. Longer ones go on, so a day has as many as the clock on the wall shows.
 */
export function startsOf(zone: string, every: Step, from: number, to: number): number[] {
  if (every === 'all') return [from]
  const stepMs = clockStepMs(every)
  const starts: number[] = []
  const add = (start: number) => {
    if (starts.length === 0 || start > starts.at(-1)!) starts.push(start)
  }
  if (stepMs === undefined) {
    const next = { '1d': { days: 1 }, '1w': { weeks: 1 }, '1M': { months: 1 }, '1y': { years: 1 } }[
      every as '1d'
    ]
    for (let date = firstDate(zone, every, from); ; date = date.add(next)) {
      // Not every day has a midnight, and some places once left out a whole day.
      const start = date.toZonedDateTime(zone).epochMilliseconds
      if (start >= to) return starts
      add(start)
    }
  }
  let last = Number.NEGATIVE_INFINITY
  for (const { from: first, to: end, offsetMs, since = Number.NEGATIVE_INFINITY } of segmentsOf(
    zone,
    from,
    to,
  )) {
    const local = Math.floor((first + offsetMs) / stepMs) * stepMs
    for (let label = local; label - offsetMs < end; label += stepMs) {
      if (stepMs > hourMs && label <= last) continue
      last = label
      add(Math.max(label - offsetMs, since))
    }
  }
  return starts
}

function firstDate(zone: string, every: Step, from: number): Temporal.PlainDate {
  const date = zonedAt(zone, from).toPlainDate()
  if (every === '1w') return date.subtract({ days: date.dayOfWeek - 1 })
  if (every === '1M') return date.with({ day: 1 })
  if (every === '1y') return date.with({ month: 1, day: 1 })
  return date
}

/** Which of the steps a moment lies in. */
export function stepAt(starts: readonly number[], ms: number): number {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= ms) low = middle
    else high = middle
  }
  return low
}

/** Segments cut wherever a step begins. */
export function cutAt(segments: readonly Segment[], starts: readonly number[]): Segment[] {
  return segments.flatMap(segment => {
    const inside = starts.slice(stepAt(starts, segment.from)).filter(start => start > segment.from)
    const cuts = [segment.from, ...inside.filter(start => start < segment.to), segment.to]
    return cuts.slice(1).map((to, index) => ({ ...segment, from: cuts[index]!, to }))
  })
}

export const comparisons = ['previous', '1d', '1w', '1M', '1y'] as const
export type Comparison = (typeof comparisons)[number]

/**
 * The stretch that [from, to) is held against: so much earlier by the calendar, or of the same calendar length and
 * just before: before November lies October, all 31 days of it.
 */
export function earlierRange(
  zone: string,
  from: number,
  to: number,
  comparison: Comparison,
): { from: number; to: number } {
  const distance = distanceOf(zone, from, to, comparison)
  const before = (ms: number) => zonedAt(zone, ms).subtract(distance).epochMilliseconds
  return { from: before(from), to: comparison === 'previous' ? from : before(to) }
}

/** How much earlier that is, by the calendar. */
export function distanceOf(
  zone: string,
  from: number,
  to: number,
  comparison: Comparison,
): Temporal.Duration {
  if (comparison === 'previous') return zonedAt(zone, from).until(zonedAt(zone, to), { largestUnit: 'year' })
  return Temporal.Duration.from(
    { '1d': { days: 1 }, '1w': { weeks: 1 }, '1M': { months: 1 }, '1y': { years: 1 } }[comparison],
  )
}
