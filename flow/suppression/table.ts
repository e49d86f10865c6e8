/** Numbers of a table [rows, cols]. The sums of its rows and columns can all be worked out, and are ≥ k. */
export interface Table {
  readonly rows: number
  readonly cols: number
  readonly counts: Float64Array
  /** Cost of hiding a cell: its count, or 0 if it is not shown anyway, such as one below k. */
  readonly losses: Float64Array
}

/** The cells of some rows in some columns: at least two of each. */
export interface Block {
  readonly rows: readonly number[]
  readonly cols: readonly number[]
}

/** Cost of disjoint blocks. */
export function lossOf({ cols, losses }: Table, blocks: readonly Block[]): number {
  let sum = 0
  for (const block of blocks) {
    for (const row of block.rows) for (const col of block.cols) sum += losses[row * cols + col]!
  }
  return sum
}

export function transposed({ rows, cols, counts, losses }: Table): Table {
  const turn = (cells: Float64Array) =>
    cells.map((_, cell) => cells[(cell % rows) * cols + Math.floor(cell / rows)]!)
  return { rows: cols, cols: rows, counts: turn(counts), losses: turn(losses) }
}

export const transposedBlock = ({ rows, cols }: Block): Block => ({ rows: cols, cols: rows })
