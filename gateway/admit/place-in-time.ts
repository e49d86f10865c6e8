import { dayMs, minuteMs } from '../../core/clock.ts'
import { backfillDays } from '../../core/words.ts'

/** A clock that is further ahead is wrong. */
export const futureLimitMs = 2 * minuteMs
/** An older event is late: it came after an outage. */
export const lateAfterMs = 5 * minuteMs
/** An older event comes more likely from a clock that was never set than from an outage. */
export const backfillLimitMs = backfillDays * dayMs

export interface TimePlace {
  readonly at: number
  readonly late: boolean
  readonly skewed: boolean
}

/** For history that somebody vouches for: of any age, and always late. Undefined for a time in the future. */
export function placeInPast(claimedAt: number, receivedAt: number, doubtMs = 0): TimePlace | undefined {
  if (claimedAt - receivedAt > futureLimitMs + doubtMs) return undefined
  return { at: claimedAt, late: true, skewed: false }
}

/**
 * Keeps the event's own time if it can be true; otherwise the event counts as of its receipt. `doubtMs` is how far ahead
 * of `receivedAt` the true time may be while our own clock is in doubt (TrustedTime).
 */
export function placeInTime(claimedAt: number, receivedAt: number, doubtMs = 0): TimePlace {
  const ageMs = receivedAt - claimedAt
  if (ageMs < -(futureLimitMs + doubtMs) || ageMs > backfillLimitMs)
    return { at: receivedAt, late: false, skewed: true }
  return { at: claimedAt, late: ageMs > lateAfterMs, skewed: false }
}
