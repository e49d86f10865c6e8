import type { DayType, LocalSlot } from '../../calendar/day.ts'
import type { FlowParameters } from './parameters.ts'

/**
 * Detects that all flow is higher or lower than before, because tenants moved in or term began. The profile follows
 * within months, the median of the latest days within one week; an event of a day or two does not move the median.
 */
export interface Level {
  /** Counted divided by expected for each of the latest days, oldest first. */
  readonly workdays: readonly number[]
  readonly weekends: readonly number[]
  /** The current day. */
  readonly day: { readonly kind: 'workdays' | 'weekends' | undefined; counted: number; expected: number }
}

export const noLevel: Level = {
  workdays: [],
  weekends: [],
  day: { kind: undefined, counted: 0, expected: 0 },
}

const most = { workdays: 5, weekends: 4 } as const
/** A day with less expected flow says nothing. */
const leastExpected = 20
const farthest = 5

const kindOf = (dayType: DayType) => (dayType === 'workday' ? 'workdays' : 'weekends')

/** Begins another day. */
export function withDay(level: Level, { dayType, ordinary }: LocalSlot): Level {
  const { kind, counted, expected } = level.day
  const day = { kind: ordinary ? kindOf(dayType) : undefined, counted: 0, expected: 0 } as const
  if (kind === undefined || expected < leastExpected) return { ...level, day }
  const ratio = Math.max(1 / farthest, Math.min(farthest, counted / expected))
  return { ...level, [kind]: [...level[kind], ratio].slice(-most[kind]), day }
}

export const withCount = (level: Level, count: number, expected: number): Level => ({
  ...level,
  day: { ...level.day, counted: level.day.counted + count, expected: level.day.expected + expected },
})

/** Factor by which to multiply the profile. */
export function levelOf(level: Level, dayType: DayType, { levelBand }: FlowParameters): number {
  const kind = kindOf(dayType)
  const ratios = level[kind]
  if (ratios.length < most[kind]) return 1
  const sorted = [...ratios].sort((a, b) => a - b)
  const middle = (sorted[Math.floor((most[kind] - 1) / 2)]! + sorted[Math.floor(most[kind] / 2)]!) / 2
  // Days vary by themselves: a ratio within the band does not count as a new level.
  return middle > levelBand || middle < 1 / levelBand ? middle : 1
}
