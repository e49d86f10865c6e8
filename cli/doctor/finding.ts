/** What a look at one thing found. */
export interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warning' | 'problem'
  readonly finding: string
}
