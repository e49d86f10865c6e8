import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { clockStepMs, startsOf, stepAt } from '../calendar.ts'
import type { SlotDimension } from '../measures.ts'
import type { Asked } from '../question.ts'
import { passes, type SlotFilter } from '../slots.ts'
import type { TimeLevel } from '../suppression/lattice.ts'
import { segmentsOf } from '../zone.ts'

/** A local day, its hours and the parts in which they are counted. */
export interface Day {
  readonly from: number
  readonly to: number
  /** Start of each hour; an hour within which the clock was set starts over. */
  readonly hours: readonly number[]
  readonly parts: readonly number[]
  readonly hourOf: readonly number[]
}

/** A time for which numbers are shown, and the step of the query it belongs to. */
export interface TimeNode {
  readonly level: TimeLevel
  readonly index: number
  /** Parts [first, last) of the day. */
  readonly first: number
  readonly last: number
  readonly step: number
  /** A moment in it, in local time. */
  readonly localMs: number
}

const everyPart: Record<TimeLevel, '1d' | '1h' | '15m'> = { day: '1d', hour: '1h', part: '15m' }
export const partMs: Record<TimeLevel, number> = { day: dayMs, hour: hourMs, part: 15 * minuteMs }

/** The finest level that a query needs. */
export function levelOf({ zone, from, to, every, by, slots }: Asked): TimeLevel {
  const isAt = (ms: number, step: '1d' | '1h') => startsOf(zone, step, ms, ms + 1)[0] === ms
  const stepMs = clockStepMs(every) ?? dayMs
  if (stepMs < hourMs || !isAt(from, '1h') || !isAt(to, '1h')) return 'part'
  const byHour = by.includes('hour-of-day') || slots['hour-of-day'] !== undefined
  return byHour || stepMs < dayMs || !isAt(from, '1d') || !isAt(to, '1d') ? 'hour' : 'day'
}

/** All days that overlap [from, to), as whole days. */
export function daysOf(zone: string, from: number, to: number, level: TimeLevel): Day[] {
  if (from >= to) return []
  const starts = startsOf(zone, '1d', from, to)
  const end = startsOf(zone, '1d', to - 1, to + 2 * dayMs)[1]!
  return starts.map((start, index) => {
    const next = starts[index + 1] ?? end
    const hours = level === 'day' ? [start] : startsOf(zone, '1h', start, next)
    const parts = startsOf(zone, everyPart[level], start, next)
    return { from: start, to: next, hours, parts, hourOf: parts.map(part => stepAt(hours, part)) }
  })
}

/** How an answer divides its times. */
export interface Cover {
  readonly range: { readonly from: number; readonly to: number }
  readonly starts: readonly number[]
  readonly slots: SlotFilter
  readonly by: readonly SlotDimension[]
}

/** The largest times that make up [from, to), each within one step, and within one hour if the query uses hours. */
export function coverDay(zone: string, day: Day, { range, starts, slots, by }: Cover): TimeNode[] {
  const needsHours = by.includes('hour-of-day') || slots['hour-of-day'] !== undefined
  const isIn = (from: number, to: number) => from >= range.from && to <= range.to
  const offsets = segmentsOf(zone, day.from, day.to)
  const localOf = (ms: number) => ms + offsets.findLast(({ from }) => from <= ms)!.offsetMs
  const oneStep = (from: number, to: number) => stepAt(starts, from) === stepAt(starts, to - 1)
  const node = (level: TimeLevel, index: number, first: number, last: number, at: number): TimeNode[] => {
    const localMs = localOf(at)
    return passes(slots, localMs) ? [{ level, index, first, last, step: stepAt(starts, at), localMs }] : []
  }
  if (!needsHours && isIn(day.from, day.to) && oneStep(day.from, day.to))
    return node('day', 0, 0, day.parts.length, day.from)
  return day.hours.flatMap((hour, index) => {
    const end = day.hours[index + 1] ?? day.to
    const first = day.hourOf.indexOf(index)
    const last = day.hourOf.lastIndexOf(index) + 1
    if (isIn(hour, end) && oneStep(hour, end)) return node('hour', index, first, last, hour)
    return day.parts.slice(first, last).flatMap((part, i) => {
      const at = first + i
      return isIn(part, day.parts[at + 1] ?? day.to) ? node('part', at, at, at + 1, part) : []
    })
  })
}
