/** The result of one check. */
export interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'problem'
  readonly finding: string
}
