import { dayMs, minuteMs } from '../../core/clock.ts'
import { backfillDays } from '../../core/words.ts'

/** A clock this far ahead is wrong. */
export const futureLimitMs = 2 * minuteMs
/** Older than this is late: it came after an outage. */
export const lateAfterMs = 5 * minuteMs
/** Older than this, a clock that was never set is likelier than an outage. */
export const backfillLimitMs = backfillDays * dayMs

export interface TimePlace {
  readonly at: number
  readonly late: boolean
  readonly skewed: boolean
}

/** For history that somebody vouches for: however old, and always late. Undefined in the future. */
export function placeInPast(claimedAt: number, receivedAt: number, doubtMs = 0): TimePlace | undefined {
  if (claimedAt - receivedAt > futureLimitMs + doubtMs) return undefined
  return { at: claimedAt, late: true, skewed: false }
}

/**
 * The event's own time is kept where it can be true; else it counts as having happened when it came. `doubtMs` is how
 * far the truth may lie beyond `receivedAt` while our own clock is in doubt (TrustedTime).
 */
export function placeInTime(claimedAt: number, receivedAt: number, doubtMs = 0): TimePlace {
  const ageMs = receivedAt - claimedAt
  if (ageMs < -(futureLimitMs + doubtMs) || ageMs > backfillLimitMs)
    return { at: receivedAt, late: false, skewed: true }
  return { at: claimedAt, late: ageMs > lateAfterMs, skewed: false }
}
