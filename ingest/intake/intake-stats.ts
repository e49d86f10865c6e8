import type { Durations } from '../../core/durations.ts'

import type { Seq } from '../../core/words.ts'

/** How far the intake has come, for whoever shows it. */
export interface IntakeStats {
  /** Writes of a batch into the store. */
  readonly writes: Durations
  readonly applied: Seq
  readonly rows: number
  readonly failures: number
  /** Of these, since the last batch that was written. */
  readonly failing: number
  /** Records that are missing from the journal or could not be read back. */
  readonly damaged: number
  /** Positions that the journal had freed before the store had them: the store was lost, or is an older copy. */
  readonly freed: number
  /** How often the journal turned out to be an older copy of the one that the store knew. */
  readonly forks: number
}

/** What a comparison of the store with the journal has found since the start. */
export interface RefillStats {
  /** Rows that the store had confirmed, did not have, and was given again. */
  readonly refilled: number
  /** Rows that the store does not have, and the journal holds no longer. */
  readonly missing: number
  /** Rows at positions that the journal gave to no row. */
  readonly foreign: number
}
