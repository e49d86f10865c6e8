import type { Seq } from '../../core/words.ts'

/** How far the intake has come, for whoever shows it. */
export interface IntakeStats {
  readonly applied: Seq
  readonly rows: number
  readonly batches: number
  readonly failures: number
  /** Of these, since the last batch that was written. */
  readonly failing: number
  /** Records that could not be read back from the journal, or whose place is not known. */
  readonly damaged: number
}
