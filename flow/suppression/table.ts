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

/** What some blocks cost that share no cell. */
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
