import type { DayType, LocalSlot } from '../../calendar/day.ts'
import type { FlowParameters } from './parameters.ts'

/**
 * Whether all flow is more or less than it was: tenants moved in, term has begun. The profile follows within months, but
 * the median of the latest days within one week, and an event of a day or two does not move it.
 */
export interface Level {
  /** Counted by what the profile expected, of the latest days, oldest first. */
  readonly workdays: readonly number[]
  readonly weekends: readonly number[]
  /** Of the day that is under way. */
  readonly day: { readonly kind: 'workdays' | 'weekends' | undefined; counted: number; expected: number }
}

export const noLevel: Level = {
  workdays: [],
  weekends: [],
  day: { kind: undefined, counted: 0, expected: 0 },
}

const most = { workdays: 5, weekends: 4 } as const
/** A day of which less was expected says nothing. */
const leastExpected = 20
const farthest = 5

const kindOf = (dayType: DayType) => (dayType === 'workday' ? 'workdays' : 'weekends')

/** Another day begins. */
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

/** What the profile is to be multiplied with. */
export function levelOf(level: Level, dayType: DayType, { levelBand }: FlowParameters): number {
  const kind = kindOf(dayType)
  const ratios = level[kind]
  if (ratios.length < most[kind]) return 1
  const sorted = [...ratios].sort((a, b) => a - b)
  const middle = (sorted[Math.floor((most[kind] - 1) / 2)]! + sorted[Math.floor(most[kind] / 2)]!) / 2
  // Days differ by themselves: what lies within the band is no level.
  return middle > levelBand || middle < 1 / levelBand ? middle : 1
}
