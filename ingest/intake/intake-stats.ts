import type { Durations } from '../../core/durations.ts'

import type { Seq } from '../../core/words.ts'

/** Progress of the intake, for display. */
export interface IntakeStats {
  /** Durations of writing a batch into the store. */
  readonly writes: Durations
  readonly applied: Seq
  readonly rows: number
  readonly failures: number
  /** Failures since the last successful write. */
  readonly failing: number
  /** Records missing from the journal or unreadable. */
  readonly damaged: number
  /** Positions the journal had freed before the store had them: the store was lost, or is an older copy. */
  readonly freed: number
  /** How often the journal turned out to be an older copy of the one the store knew. */
  readonly forks: number
}

/** Results of comparing the store with the journal, since the start. */
export interface RefillStats {
  /** Rows the store had confirmed, no longer had, and was given again. */
  readonly refilled: number
  /** Rows the store lacks and the journal no longer holds. */
  readonly missing: number
  /** Rows at positions to which the journal assigned no row. */
  readonly foreign: number
}
