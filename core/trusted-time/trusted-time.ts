import type { Clock } from '../clock.ts'

/**
 * Time that cannot be led astray by the system clock. While that agrees with what is known, both are the same. While it
 * does not, time goes on from the last one that was known to be true, by the running time of the machine: it may lag
 * behind the truth, by as long as the machine was off, and is never ahead of it. docs/decisions/0010 says why.
 */
export interface TrustedTime {
  /** For everything that is received, expires or is kept for a while. */
  readonly clock: Clock
  /** False while the clock is in doubt: then nothing is deleted, and nobody is told what time it is. */
  isSure(): boolean
  /** How far beyond `clock()` the truth may lie: 0 while the clock is sure. An event of that time may be right. */
  doubtMs(): number
  view(): ClockView
}

export const doubtReasons = ['ahead', 'behind', 'unknown'] as const
export type DoubtReason = (typeof doubtReasons)[number]

/** What there is to tell of the clock. */
export interface ClockView {
  readonly state: 'sure' | 'in-doubt'
  /** The time that is gone by. */
  readonly at: number
  readonly systemAt: number
  /** The system clock is ahead of what is known, or behind it; unknown where nothing is known yet. */
  readonly why?: DoubtReason
  /** How long the doubt has lasted while the machine ran. */
  readonly doubtForMs?: number
}

/** Where the system clock is believed whatever it says: tests, and commands that keep nothing. */
export function alwaysSure(clock: Clock): TrustedTime {
  return {
    clock,
    isSure: () => true,
    doubtMs: () => 0,
    view: () => ({ state: 'sure', at: clock(), systemAt: clock() }),
  }
}
