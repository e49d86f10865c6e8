import type { Block, Table } from './table.ts'

/** Rows that are adjacent when sorted by how many of their cells are small, and the columns they hide. */
interface Run {
  readonly rows: number[]
  /** For each row, the sum over hidden columns. */
  readonly sums: number[]
  /** For each column, the sum over all rows. */
  readonly counts: Float64Array
  readonly losses: Float64Array
  readonly hides: Uint8Array
  hidden: number
  loss: number
  /** Number of rows whose sum is below k. */
  thin: number
}

/**
 * Blocks for the cells below k in the columns of the night, with each row in at most one of them: the cheapest cut of
 * the sorted rows into runs that are blocks, if need be with one more column. Closed columns belong to other blocks.
 * Undefined if that is impossible, or not possible for less than `most`.
 */
export function coverNight(
  table: Table,
  night: Uint8Array,
  closed: Uint8Array,
  k: number,
  most: number,
): Block[] | undefined {
  const { rows, cols, counts } = table
  const smallInRow = new Int32Array(rows)
  const totals = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const count = counts[row * cols + col]!
      if (night[col] && count < k) smallInRow[row]!++
      if (!closed[col]) totals[row]! += count
    }
  }
  const order = [...smallInRow.keys()].sort(
    (a, b) => smallInRow[b]! - smallInRow[a]! || totals[a]! - totals[b]! || a - b,
  )
  /** Least cost of the first n rows, and where the last run of that cut begins. */
  const least = new Float64Array(rows + 1).fill(Number.POSITIVE_INFINITY)
  const begins = new Int32Array(rows + 1)
  const consider = (begin: number, end: number, cost: number) => {
    if (cost >= least[end]!) return
    least[end] = cost
    begins[end] = begin
  }
  least[0] = 0
  const run = createRun(cols)
  for (let begin = 0; begin < rows; begin++) {
    const before = least[begin]!
    if (before === Number.POSITIVE_INFINITY) continue
    if (smallInRow[order[begin]!] === 0) consider(begin, begin + 1, before)
    empty(run)
    // Twice a sufficient length is long enough, but a single run of all rows is always tried.
    let enough = rows
    for (let end = begin + 1; end <= rows && (begin === 0 || end - begin <= enough); end++) {
      extend(run, table, order[end - 1]!, night, k)
      if (before + run.loss >= Math.min(most, least[rows]!)) break
      const cost = costOf(run, closed, k)
      if (cost < Number.POSITIVE_INFINITY) enough = Math.min(enough, 2 * (end - begin) + 8)
      consider(begin, end, before + cost)
    }
  }
  if (least[rows] === Number.POSITIVE_INFINITY) return undefined
  const blocks: Block[] = []
  for (let end = rows; end > 0; end = begins[end]!) {
    empty(run)
    for (const row of order.slice(begins[end]!, end)) extend(run, table, row, night, k)
    if (run.hidden === 0) continue
    while (isThin(run)) {
      const col = cheapestCol(run, closed, k)
      if (col < 0) return undefined
      hide(run, table, col, k)
    }
    blocks.push({ rows: [...run.rows], cols: [...run.hides.keys()].filter(col => run.hides[col]) })
  }
  return blocks
}

function createRun(cols: number): Run {
  const perCol = () => new Float64Array(cols)
  return {
    rows: [],
    sums: [],
    counts: perCol(),
    losses: perCol(),
    hides: new Uint8Array(cols),
    hidden: 0,
    loss: 0,
    thin: 0,
  }
}

/** One run is reused: allocating its arrays took a good part of the time. */
function empty(run: Run): void {
  run.rows.length = 0
  run.sums.length = 0
  run.counts.fill(0)
  run.losses.fill(0)
  run.hides.fill(0)
  run.hidden = 0
  run.loss = 0
  run.thin = 0
}

function extend(run: Run, table: Table, row: number, night: Uint8Array, k: number): void {
  const { cols, counts, losses } = table
  const { counts: colCounts, losses: colLosses, hides } = run
  const first = row * cols
  for (let col = 0; col < cols; col++) {
    if (night[col] && !hides[col] && counts[first + col]! < k) hide(run, table, col, k)
  }
  let sum = 0
  let loss = run.loss
  for (let col = 0; col < cols; col++) {
    const count = counts[first + col]!
    const cellLoss = losses[first + col]!
    colCounts[col]! += count
    colLosses[col]! += cellLoss
    if (!hides[col]) continue
    sum += count
    loss += cellLoss
  }
  run.loss = loss
  run.rows.push(row)
  run.sums.push(sum)
  if (sum < k) run.thin++
}

function hide(run: Run, { cols, counts }: Table, col: number, k: number): void {
  run.hides[col] = 1
  run.hidden++
  run.loss += run.losses[col]!
  for (let index = 0; index < run.rows.length; index++) {
    const sum = run.sums[index]!
    const more = sum + counts[run.rows[index]! * cols + col]!
    run.sums[index] = more
    if (sum < k && more >= k) run.thin--
  }
}

const isThin = (run: Run) => run.thin > 0 || run.hidden < 2

/** Infinity if a column adds up to less than k: then the run needs more rows. */
function costOf(run: Run, closed: Uint8Array, k: number): number {
  if (run.hidden === 0) return 0
  if (run.rows.length < 2) return Number.POSITIVE_INFINITY
  for (let col = 0; col < run.hides.length; col++) {
    if (run.hides[col] && run.counts[col]! < k) return Number.POSITIVE_INFINITY
  }
  if (!isThin(run)) return run.loss
  const col = cheapestCol(run, closed, k)
  return col < 0 ? Number.POSITIVE_INFINITY : run.loss + run.losses[col]!
}

function cheapestCol({ counts, losses, hides }: Run, closed: Uint8Array, k: number): number {
  let best = -1
  for (let col = 0; col < losses.length; col++) {
    if (hides[col] || closed[col] || counts[col]! < k) continue
    if (best < 0 || losses[col]! < losses[best]!) best = col
  }
  return best
}
