import { coverNight } from './cover-night.ts'
import { coverStrays } from './cover-strays.ts'
import { splitBlocks } from './split-blocks.ts'
import { type Block, lossOf, type Table, transposed, transposedBlock } from './table.ts'

/** A column counts as 'night' when at least this share of its cells is below k. Tried from strict (80 %) to any (0). */
const shares = [0.8, 0.4, 0]

/**
 * Chooses disjoint blocks to hide, so that every cell below k lies in one, and each row and each column of a block adds
 * up to k or more.
 *
 * Somebody who knows all other cells and all sums knows a block's row sums r, its column sums s and its total T, and
 * nothing more. Then a cell can be anything in [max(0, r + s − T), min(r, s)], and every whole number in it is possible
 * (Fréchet). The width is the least of r, s, T − r and T − s; T − r contains another row, so it is at least k. With
 * fewer than two rows or columns nothing is below k; otherwise the whole table is such a block.
 */
export function hideTable(table: Table, k: number): readonly Block[] {
  const { rows, cols, counts } = table
  if (rows < 2 || cols < 2 || counts.every(count => count >= k)) return []
  const byRows = splitBlocks(table, coverTable(table, k), k)
  // Few rows may do better by columns: at a site with four buildings a third more is shown. With many rows it doubles the time for little.
  if (rows > cols) return byRows
  const byCols = splitBlocks(table, coverTable(transposed(table), k).map(transposedBlock), k)
  return lossOf(table, byRows) <= lossOf(table, byCols) ? byRows : byCols
}

function coverTable(table: Table, k: number): readonly Block[] {
  const { rows, cols, counts } = table
  const smallInCol = new Int32Array(cols)
  for (let cell = 0; cell < rows * cols; cell++) if (counts[cell]! < k) smallInCol[cell % cols]!++
  let best: readonly Block[] = []
  let least = Number.POSITIVE_INFINITY

  // Tries each way to cover the night in one or several steps, and covers the remaining cells one by one.
  const attempt = (blocks: readonly Block[], loss: number, step: number): void => {
    const closed = new Uint8Array(cols)
    for (const block of blocks) for (const col of block.cols) closed[col] = 1
    let before = 0
    for (let next = step; next < shares.length; next++) {
      const isNight = (small: number, col: number) =>
        !closed[col] && small > 0 && small >= shares[next]! * rows
      const night = Uint8Array.from(smallInCol, (small, col) => Number(isNight(small, col)))
      const size = night.reduce((sum, one) => sum + one, 0)
      if (size === before) continue
      before = size
      const found = coverNight(table, night, closed, k, least - loss)
      if (found === undefined) continue
      const all = [...blocks, ...found]
      const allLoss = loss + lossOf(table, found)
      if (allLoss >= least) continue
      const covered = coverStrays(table, all, k)
      const coveredLoss = covered === undefined ? Number.POSITIVE_INFINITY : lossOf(table, covered)
      if (covered !== undefined && coveredLoss < least) {
        best = covered
        least = coveredLoss
      }
      attempt(all, allLoss, next + 1)
    }
  }
  attempt([], 0, 0)
  // There is always a way: the night of all columns with a small cell, in one step.
  return best
}
