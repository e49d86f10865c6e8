import type { Box } from './box.ts'
import type { Pixels } from './picture.ts'

const channels = 3
/** Mean colours along the longer side of the covered region. A face fills about 4 × 4 of them. */
const cellsPerSide = 6
/** Pixels: a smaller cell would show something of a large face. */
const minCell = 8

/**
 * Replaces a region by the mean colours of a few cells, with smooth transitions between them, in place. Only the means
 * are left: nothing can be recovered. `box` is in whole pixels, within the picture.
 */
export function blur({ data, width }: Pixels, { left, top, right, bottom }: Box): void {
  const size = { width: right - left, height: bottom - top }
  if (size.width < 1 || size.height < 1) return
  const [long, short] = [Math.max(size.width, size.height), Math.min(size.width, size.height)]
  // A long and low region keeps two rows.
  const cell = Math.max(minCell, Math.ceil(Math.min(long / cellsPerSide, short / 2)))
  const columns = Math.ceil(size.width / cell)
  const rows = Math.ceil(size.height / cell)
  const sums = new Float64Array(columns * rows * (channels + 1))
  for (let y = 0; y < size.height; y++) {
    let at = ((top + y) * width + left) * channels
    const row = Math.floor(y / cell) * columns
    for (let x = 0; x < size.width; x++) {
      const sum = (row + Math.floor(x / cell)) * (channels + 1)
      sums[sum]! += data[at++]!
      sums[sum + 1]! += data[at++]!
      sums[sum + 2]! += data[at++]!
      sums[sum + 3]!++
    }
  }
  const across = passages(size.width, cell, columns)
  const down = passages(size.height, cell, rows)
  const mean = (column: number, row: number, channel: number) => {
    const sum = (row * columns + column) * (channels + 1)
    return sums[sum + channel]! / sums[sum + channels]!
  }
  const upper = new Float64Array(columns * channels)
  for (let y = 0; y < size.height; y++) {
    const { cell: row, next: below, share } = down[y]!
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channels; channel++)
        upper[column * channels + channel] =
          mean(column, row, channel) * (1 - share) + mean(column, below, channel) * share
    let at = ((top + y) * width + left) * channels
    for (let x = 0; x < size.width; x++) {
      const { cell: column, next, share: part } = across[x]!
      const [here, there] = [column * channels, next * channels]
      data[at++] = upper[here]! + (upper[there]! - upper[here]!) * part + 0.5
      data[at++] = upper[here + 1]! + (upper[there + 1]! - upper[here + 1]!) * part + 0.5
      data[at++] = upper[here + 2]! + (upper[there + 2]! - upper[here + 2]!) * part + 0.5
    }
  }
}

/** For each pixel, the two cells between whose middles it lies, and how far it is towards the second. */
function passages(length: number, cell: number, cells: number) {
  return Array.from({ length }, (_, index) => {
    const position = Math.min(Math.max((index + 0.5) / cell - 0.5, 0), cells - 1)
    const first = Math.floor(position)
    return { cell: first, next: Math.min(first + 1, cells - 1), share: position - first }
  })
}
