import { dayMs } from '../../core/clock.ts'

/** What is known of a deletion before it begins. */
export interface Prospect {
  /** Rows that would go, and rows that there are. */
  readonly expected: number
  readonly of: number
  /** From the oldest row to now. */
  readonly spanMs: number
  /** Since the last deletion of the kind; undefined where there was none. */
  readonly sinceLastMs: number | undefined
}

/** So few are worth nobody's question. */
const fewRows = 1000
/** Of all rows of a kind, at once. */
const largeShare = 0.1
/** A month without a service is caught up with, and nobody is asked. */
const mostDays = 31

/**
 * Whether so many rows would go at once that somebody has to say that it is meant: more than a tenth of all, and more
 * than the days since the last deletion explain. So a limit that was mistyped, and a clock that was believed and
 * should not have been, delete little before somebody is asked. Pure.
 */
export function isLarge({ expected, of, spanMs, sinceLastMs = 0 }: Prospect): boolean {
  const aDay = of / Math.max(1, spanMs / dayMs)
  // Days go whole, and the one that is over may have been a busy one.
  const usual = aDay * (2 + Math.min(sinceLastMs / dayMs, mostDays))
  return expected > Math.max(fewRows, of * largeShare, usual)
}
