import type { BackfillOutcome, BackfillRow } from '../../gateway/control/gateway-control.ts'

/** Some rows of a file, in their order. */
export interface BackfillPart {
  readonly file: {
    readonly name: string
    /** SHA-256 of the file and of what was given for all its rows, in hexadecimal digits. */
    readonly hash: string
  }
  /** How many rows of the file come before these. */
  readonly before: number
  /** At most 500. */
  readonly rows: readonly BackfillRow[]
  /** Only looks at them. */
  readonly dryRun: boolean
}

export interface BackfillAnswer {
  /** How many of these rows were done with before, of the same file; the outcomes are of those behind. */
  readonly known: number
  readonly outcomes: readonly BackfillOutcome[]
}
