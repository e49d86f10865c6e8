import { dayMs } from '../../core/clock.ts'

/** A deletion that is about to begin. */
export interface Prospect {
  /** Rows that would be deleted, and rows in total. */
  readonly expected: number
  readonly of: number
  /** Time from the oldest row to now. */
  readonly spanMs: number
  /** Time since the last deletion of the kind; undefined if there was none. */
  readonly sinceLastMs: number | undefined
}

/** Fewer rows than this need no confirmation. */
const fewRows = 1000
/** Share of all rows of a kind, deleted at once. */
const largeShare = 0.1
/** Longest time of a stopped service that is made up for without confirmation: a month. */
const mostDays = 31

/**
 * True if so many rows would be deleted at once that somebody has to confirm it: more than a tenth of all, and more
 * than the days since the last deletion explain. So a mistyped limit, or a clock that was wrongly trusted, deletes
 * little before somebody is asked. Pure.
 */
export function isLarge({ expected, of, spanMs, sinceLastMs = 0 }: Prospect): boolean {
  const aDay = of / Math.max(1, spanMs / dayMs)
  // Whole days are deleted, and the last one may have been busy.
  const usual = aDay * (2 + Math.min(sinceLastMs / dayMs, mostDays))
  return expected > Math.max(fewRows, of * largeShare, usual)
}
