import type { Block, Table } from './table.ts'

/**
 * Adds to the blocks one of two rows and two columns for each small cell outside them: the cheapest among the free
 * cells. Undefined if there is none.
 */
export function coverStrays(table: Table, blocks: readonly Block[], k: number): Block[] | undefined {
  const { rows, cols, counts } = table
  const taken = new Uint8Array(rows * cols)
  const take = (block: Block) => {
    for (const row of block.rows) for (const col of block.cols) taken[row * cols + col] = 1
    return block
  }
  const covered = blocks.map(take)
  const cheapestRows: number[][] = []
  for (let cell = 0; cell < rows * cols; cell++) {
    if (taken[cell] || counts[cell]! >= k) continue
    cheapestRows[cell % cols] ??= rowsByLoss(table, cell % cols)
    const block = cheapestCorners(table, taken, cell, cheapestRows[cell % cols]!, k)
    if (block === undefined) return undefined
    covered.push(take(block))
  }
  return covered
}

function rowsByLoss({ rows, cols, losses }: Table, col: number): number[] {
  const loss = (row: number) => losses[row * cols + col]!
  return Array.from({ length: rows }, (_, row) => row).sort((a, b) => loss(a) - loss(b) || a - b)
}

/** The cell is one corner; the others are in its row, in its column, and diagonally opposite. */
function cheapestCorners(
  { cols, counts, losses }: Table,
  taken: Uint8Array,
  cell: number,
  cheapestRows: readonly number[],
  k: number,
): Block | undefined {
  const row = Math.floor(cell / cols)
  const col = cell % cols
  let least = Number.POSITIVE_INFINITY
  let best: Block | undefined
  for (let otherCol = 0; otherCol < cols; otherCol++) {
    const beside = row * cols + otherCol
    if (otherCol === col || taken[beside] || counts[cell]! + counts[beside]! < k) continue
    for (const otherRow of cheapestRows) {
      const below = otherRow * cols + col
      const across = otherRow * cols + otherCol
      const loss = losses[beside]! + losses[below]!
      if (loss >= least) break
      if (otherRow === row || taken[below] || taken[across] || loss + losses[across]! >= least) continue
      if (
        counts[cell]! + counts[below]! < k ||
        counts[across]! + Math.min(counts[below]!, counts[beside]!) < k
      )
        continue
      least = loss + losses[across]!
      best = { rows: [row, otherRow], cols: [col, otherCol] }
    }
  }
  return best
}
