import type { BackfillOutcome, BackfillRow } from '../../gateway/control/gateway-control.ts'

/** Some rows of a file, in order. */
export interface BackfillPart {
  readonly file: {
    readonly name: string
    /** SHA-256, in hex, of the file and of the options that apply to all its rows. */
    readonly hash: string
  }
  /** Number of rows before these in the file. */
  readonly before: number
  /** At most 500. */
  readonly rows: readonly BackfillRow[]
  /** Only checks the rows. */
  readonly dryRun: boolean
}

export interface BackfillAnswer {
  /** How many of these rows were handled before, from the same file; `outcomes` covers the remaining ones. */
  readonly known: number
  readonly outcomes: readonly BackfillOutcome[]
}
