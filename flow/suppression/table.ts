/** Numbers of a table [rows, cols] whose sums of rows and of columns can all be worked out, and are ≥ k. */
export interface Table {
  readonly rows: number
  readonly cols: number
  readonly counts: Float64Array
  /** What hiding a cell costs: its count, or nothing where it is not told anyway, as what is below k. */
  readonly losses: Float64Array
}

/** The cells of some rows in some columns: at least two of each. */
export interface Block {
  readonly rows: readonly number[]
  readonly cols: readonly number[]
}
