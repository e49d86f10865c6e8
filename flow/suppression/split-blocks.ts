import { type Block, type Table, transposed, transposedBlock } from './table.ts'

/** A block cut in two, and how much that shows. */
interface Cut {
  readonly gain: number
  readonly parts: readonly Block[]
}

/**
 * Covers the same small cells with more, smaller and cheaper blocks: a block is cut in two as long as that frees
 * something, and each part drops what it does not need. Each row and column still adds up to k or more.
 */
export function splitBlocks(table: Table, blocks: readonly Block[], k: number): readonly Block[] {
  const turned = transposed(table)
  const done: Block[] = []
  const open = [...blocks]
  // Every cut frees a cell, so this ends.
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    const trimmed = trim(table, block, k)
    if (trimmed === undefined) continue
    const byRow = cutRow(table, trimmed, k, 0)
    const byCol = cutRow(turned, transposedBlock(trimmed), k, byRow?.gain ?? 0)
    const parts = byCol?.parts.map(transposedBlock) ?? byRow?.parts
    if (parts === undefined) done.push(trimmed)
    else open.push(...parts)
  }
  return done
}

/** Takes one row out of the columns where it is large, if that frees more than `least`. */
function cutRow({ cols: stride, counts, losses }: Table, block: Block, k: number, least: number) {
  const { rows, cols } = block
  if (rows.length < 3 || cols.length < 4) return undefined
  const { ofRows, ofCols } = sumsOf(counts, stride, block)
  let best: Cut | undefined
  for (const row of rows) {
    const first = row * stride
    const candidates = cols
      .filter((col, index) => losses[first + col]! > 0 && ofCols[index]! - counts[first + col]! >= k)
      .sort((a, b) => losses[first + b]! - losses[first + a]! || a - b)
      .slice(0, cols.length - 2)
    const most = candidates.reduce((sum, col) => sum + losses[first + col]!, 0)
    if (candidates.length < 2 || most <= (best?.gain ?? least)) continue
    /** For each row, its sum over the columns taken so far. */
    const taken = new Float64Array(rows.length)
    let gain = 0
    candidates.forEach((col, index) => {
      gain += losses[first + col]!
      for (let i = 0; i < rows.length; i++) taken[i]! += counts[rows[i]! * stride + col]!
      if (index === 0 || gain <= (best?.gain ?? least)) return
      const isWhole = rows.every(
        (other, i) => (other === row || taken[i]! >= k) && ofRows[i]! - taken[i]! >= k,
      )
      if (!isWhole) return
      const here = candidates.slice(0, index + 1)
      best = {
        gain,
        parts: [
          { rows: rows.filter(other => other !== row), cols: here },
          { rows, cols: cols.filter(other => !here.includes(other)) },
        ],
      }
    })
  }
  return best
}

/** Drops rows and columns without a small cell, most expensive first, as long as the others still add up. */
function trim({ cols: stride, counts, losses }: Table, block: Block, k: number): Block | undefined {
  let { rows, cols } = block
  const isSmall = (row: number, col: number) => counts[row * stride + col]! < k
  if (!rows.some(row => cols.some(col => isSmall(row, col)))) return undefined
  for (;;) {
    const { ofRows, ofCols } = sumsOf(counts, stride, { rows, cols })
    const goes = [
      ...rows
        .filter(
          row =>
            rows.length > 2 &&
            cols.every((col, i) => !isSmall(row, col) && ofCols[i]! - counts[row * stride + col]! >= k),
        )
        .map(row => ({
          row,
          col: -1,
          loss: cols.reduce((sum, col) => sum + losses[row * stride + col]!, 0),
        })),
      ...cols
        .filter(
          col =>
            cols.length > 2 &&
            rows.every((row, i) => !isSmall(row, col) && ofRows[i]! - counts[row * stride + col]! >= k),
        )
        .map(col => ({
          row: -1,
          col,
          loss: rows.reduce((sum, row) => sum + losses[row * stride + col]!, 0),
        })),
    ].sort((a, b) => b.loss - a.loss)[0]
    if (goes === undefined) return { rows, cols }
    rows = rows.filter(row => row !== goes.row)
    cols = cols.filter(col => col !== goes.col)
  }
}

function sumsOf(counts: Float64Array, stride: number, { rows, cols }: Block) {
  const ofRows = new Float64Array(rows.length)
  const ofCols = new Float64Array(cols.length)
  rows.forEach((row, i) => {
    cols.forEach((col, j) => {
      ofRows[i]! += counts[row * stride + col]!
      ofCols[j]! += counts[row * stride + col]!
    })
  })
  return { ofRows, ofCols }
}
