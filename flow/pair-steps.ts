import { Temporal } from 'temporal-polyfill'
import { dayMs, hourMs, minuteMs, secondMs } from '../core/clock.ts'
import { type Comparison, clockStepMs, distanceOf, type Step } from './calendar.ts'
import { segmentsOf } from './zone.ts'

interface Stretch {
  readonly from: number
  readonly to: number
  /** Starts of its steps. */
  readonly starts: readonly number[]
}

/** Wall-clock time at which a step begins. */
interface Wall {
  /** Whole days since 1970. */
  readonly day: number
  readonly ms: number
}

/**
 * For each step, the earlier step to compare it with: the one at the same wall-clock time, that much earlier by the
 * calendar. So 08:00 is compared with 08:00 even if clocks were set in between. The second of an hour that occurs twice
 * is paired with the second one, or with the only one. If the earlier period lacks the hour or day, the result is
 * undefined. Steps that do not divide the distance, such as weeks compared with a month before, are paired in order.
 */
export function pairSteps(
  zone: string,
  every: Step,
  comparison: Comparison,
  now: Stretch,
  earlier: Stretch,
): (number | undefined)[] {
  const inOrder = () => now.starts.map((_, step) => (step < earlier.starts.length ? step : undefined))
  if (every === 'all') return inOrder()
  const earlierBy = createEarlierBy(zone, comparison, now)
  const wanted = wallsOf(zone, every, now).map(earlierBy)
  const walls = wallsOf(zone, every, earlier)
  const isOnGrid = wanted.every(wall => wall === undefined || isStart(every, wall))
  if (!isOnGrid) return inOrder()
  const found = new Map<string, number[]>()
  walls.forEach((wall, step) => {
    const key = keyOf(wall)
    found.set(key, [...(found.get(key) ?? []), step])
  })
  const times = new Map<string, number>()
  return wanted.map(wall => {
    if (wall === undefined) return undefined
    const key = keyOf(wall)
    const steps = found.get(key)
    const nth = times.get(key) ?? 0
    times.set(key, nth + 1)
    return steps?.[Math.min(nth, steps.length - 1)]
  })
}

const keyOf = ({ day, ms }: Wall) => `${day} ${ms}`

/** A step in which the clock was set gets the time at which it would have begun. */
function wallsOf(zone: string, every: Step, { from, to, starts }: Stretch): Wall[] {
  const stepMs = clockStepMs(every)
  const first = Math.min(from, starts[0] ?? from)
  const segments = segmentsOf(zone, first, Math.max(to, first + 1))
  let at = 0
  return starts.map(start => {
    while (at + 1 < segments.length && segments[at]!.to <= start) at++
    const local = start + segments[at]!.offsetMs
    const label =
      stepMs === undefined ? Math.floor(local / dayMs) * dayMs : Math.floor(local / stepMs) * stepMs
    const day = Math.floor(label / dayMs)
    return { day, ms: label - day * dayMs }
  })
}

function isStart(every: Step, { day, ms }: Wall): boolean {
  const stepMs = clockStepMs(every)
  if (stepMs !== undefined) return ms % stepMs === 0
  if (ms !== 0) return false
  const date = dateOf(day)
  if (every === '1w') return date.dayOfWeek === 1
  if (every === '1M') return date.day === 1
  return every !== '1y' || date.dayOfYear === 1
}

const epoch = Temporal.PlainDate.from('1970-01-01')
const dateOf = (day: number) => epoch.add({ days: day })

/** Undefined for a day that the earlier month or year does not have. */
function createEarlierBy(zone: string, comparison: Comparison, { from, to }: Stretch) {
  const length = distanceOf(zone, from, to, comparison)
  const back = { years: length.years, months: length.months, weeks: length.weeks, days: length.days }
  const backMs =
    length.hours * hourMs + length.minutes * minuteMs + length.seconds * secondMs + length.milliseconds
  const known = new Map<number, number | undefined>()
  const dayBefore = (day: number): number | undefined => {
    if (known.has(day)) return known.get(day)
    let before: number | undefined
    try {
      before = dateOf(day).subtract(back, { overflow: 'reject' }).since(epoch).days
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    known.set(day, before)
    return before
  }
  return ({ day, ms }: Wall): Wall | undefined => {
    const before = dayBefore(day)
    if (before === undefined) return undefined
    const local = before * dayMs + ms - backMs
    const itsDay = Math.floor(local / dayMs)
    return { day: itsDay, ms: local - itsDay * dayMs }
  }
}
