import { Temporal } from 'temporal-polyfill'
import { dayMs, hourMs, minuteMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import { type Segment, segmentsOf, zonedAt } from './zone.ts'

/** Steps of local time: by the clock up to half a day, then by the calendar. */
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

/** Three years by quarters of an hour, or eleven by hours. */
export const maxSteps = 100_000
/** Nobody has older events, and each offset change of a zone takes time. */
const maxRangeMs = 100 * 366 * dayMs

/** Throws FLOW_QUERY_TOO_WIDE, and says what can be asked instead. */
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
 * Starts of the steps that overlap [from, to), in order: the first may be before `from`. `all` is one step that starts
 * at `from`. A step of up to an hour starts over when the clock is set within it: an hour that occurs twice is two
 * steps. Longer steps continue, so a day has as many as the wall clock shows.
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
      // Not every day has a midnight, and some places once skipped a whole day.
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

/** Index of the step that contains a moment. */
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

/** Segments, cut wherever a step begins. */
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
 * The period that [from, to) is compared with: that much earlier by the calendar, or the one of the same calendar
 * length just before. Before November comes October with all its 31 days.
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
