import { type DayType, dayTypes, type LocalSlot } from '../../calendar/day.ts'
import type { FlowParameters } from './parameters.ts'

/**
 * The usual flow: decayed sums of counts and of their weights, per slot of the week and per slot of a day of each type.
 * Rows are copied when they change, so an earlier state stays as it was.
 */
export interface Usual {
  /** [7] weekdays, Sunday first, of [bins of a day]. */
  readonly week: readonly Row[]
  /** [3] day types. */
  readonly types: readonly Row[]
  /** One string per weekday with a digit for each bin of the day: how many times in a row the slot was unusual. */
  readonly streaks: readonly string[]
}

interface Row {
  readonly counts: readonly number[]
  readonly weights: readonly number[]
}

export interface Expected {
  readonly mean: number
  /** Amount of evidence: shape of the gamma distribution for the uncertain mean. */
  readonly shape: number
}

const rowOf = (length: number): Row => ({
  counts: Array<number>(length).fill(0),
  weights: Array<number>(length).fill(0),
})

export const noUsual = (binsPerDay: number): Usual => ({
  week: Array.from({ length: 7 }, () => rowOf(binsPerDay)),
  types: dayTypes.map(() => rowOf(binsPerDay)),
  streaks: Array<string>(7).fill('0'.repeat(binsPerDay)),
})

const leastMean = 0.02
const leastShape = 0.5

/** Undefined if nothing was seen at that time on such a day. */
export function expectedAt(
  usual: Usual,
  slot: LocalSlot,
  stepMin: number,
  { profileVisits, smoothMin }: FlowParameters,
): Expected | undefined {
  const at = Math.floor(slot.minute / stepMin)
  const profile = profileAt(usual.types[dayTypes.indexOf(slot.dayType)]!, at, Math.round(smoothMin / stepMin))
  if (profile === undefined) return undefined
  const seen = profileVisits * profile
  // A holiday on a Monday is not an ordinary Monday.
  if (!slot.ordinary) return { mean: Math.max(leastMean, profile), shape: Math.max(leastShape, seen) }
  const { counts, weights } = usual.week[slot.weekday]!
  const mean = (seen + counts[at]!) / (profileVisits + weights[at]!)
  return { mean: Math.max(leastMean, mean), shape: Math.max(leastShape, seen + counts[at]!) }
}

/** Mean of a bin and its neighbours, nearer ones weighing more; the day wraps around. */
function profileAt({ counts, weights }: Row, at: number, reach: number): number | undefined {
  const length = counts.length
  let count = 0
  let weight = 0
  for (let apart = -reach; apart <= reach; apart++) {
    const index = (at + apart + length) % length
    const share = 1 / (1 + Math.abs(apart))
    count += share * counts[index]!
    weight += share * weights[index]!
  }
  return weight > 0 ? count / weight : undefined
}

/** Flow at busy times of such a day: the 90th percentile of its bins. */
export function busyFlow(usual: Usual, dayType: DayType): number {
  const { counts, weights } = usual.types[dayTypes.indexOf(dayType)]!
  const means = counts.flatMap((count, at) => (weights[at]! > 0 ? [count / weights[at]!] : []))
  means.sort((a, b) => a - b)
  return means[Math.floor(0.9 * (means.length - 1))] ?? 0
}

/** Adds a count, with a weight from 0 (ignored) to 1, or more if it should become usual at once. */
export function learn(
  usual: Usual,
  { weekday, dayType, minute, ordinary }: LocalSlot,
  count: number,
  { weight, unusual }: { weight: number; unusual: boolean },
  stepMin: number,
  keep: number,
): Usual {
  // Holidays differ from Sundays and from each other: learning from them would spoil both.
  if (!ordinary) return usual
  const at = Math.floor(minute / stepMin)
  const type = dayTypes.indexOf(dayType)
  const digits = usual.streaks[weekday]!
  const streak = unusual ? String(Math.min(9, streakAt(usual, weekday, at) + 1)) : '0'
  return {
    week: usual.week.with(weekday, taken(usual.week[weekday]!, at, count, weight, keep)),
    types: usual.types.with(type, taken(usual.types[type]!, at, count, weight, keep)),
    streaks:
      digits[at] === streak
        ? usual.streaks
        : usual.streaks.with(weekday, digits.slice(0, at) + streak + digits.slice(at + 1)),
  }
}

export const streakAt = ({ streaks }: Usual, weekday: number, at: number) => Number(streaks[weekday]![at])

function taken({ counts, weights }: Row, at: number, count: number, weight: number, keep: number): Row {
  const kept = keep ** weight
  return {
    counts: counts.with(at, short(counts[at]! * kept + weight * count)),
    weights: weights.with(at, short(weights[at]! * kept + weight)),
  }
}

/** Three decimal places are enough, and make a saved state a third as long. */
const short = (value: number) => Math.round(value * 1000) / 1000
