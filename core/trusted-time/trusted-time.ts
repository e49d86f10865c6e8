import type { Clock } from '../clock.ts'

/**
 * Time that a wrong system clock cannot lead astray. While the system clock agrees with what is known, both are the same.
 * While it does not, time is carried on from the last known true time by the running time of the machine: it may lag
 * behind the true time, by as long as the machine was off, and is never ahead of it. docs/decisions/0010 says why.
 */
export interface TrustedTime {
  /** Use it for everything that is received, expires or is kept for a while. */
  readonly clock: Clock
  /** False while the clock is in doubt: nothing is then deleted, and nobody is told the time. */
  isSure(): boolean
  /** Most ms by which the true time may be ahead of `clock()`: 0 while the clock is sure. An event with such a time may be right. */
  doubtMs(): number
  view(): ClockView
}

export const doubtReasons = ['ahead', 'behind', 'unknown'] as const
export type DoubtReason = (typeof doubtReasons)[number]

/** The state of the clock, for reports. */
export interface ClockView {
  readonly state: 'sure' | 'in-doubt'
  /** The time in use. */
  readonly at: number
  readonly systemAt: number
  /** The system clock is ahead of the known time, or behind it; `unknown` if no time is known yet. */
  readonly why?: DoubtReason
  /** The duration of the doubt while the machine ran. */
  readonly doubtForMs?: number
}

/** Trusts the system clock in any case: for tests, and for commands that keep nothing. */
export function alwaysSure(clock: Clock): TrustedTime {
  return {
    clock,
    isSure: () => true,
    doubtMs: () => 0,
    view: () => ({ state: 'sure', at: clock(), systemAt: clock() }),
  }
}
