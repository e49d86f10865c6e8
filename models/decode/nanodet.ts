import type { Box } from '../box.ts'
import { type Candidate, type Cell, cellCount, cellOf, type Decoder, shapeText } from './candidate.ts'

/**
 * NanoDet: `scores` [1, N, classes], already between 0 and 1; `distances` [1, N, 4 × bins]: from the centre of the cell
 * to the left, top, right and bottom edge, each as a distribution over 0, 1, 2 … strides, whose expectation is the
 * distance. https://arxiv.org/abs/2006.04388
 */
export const nanodet: Decoder<'scores' | 'distances'> = {
  roles: ['scores', 'distances'],
  overlapping: true,

  classCount({ scores, distances }, input, { strides }) {
    const rows = cellCount(input, strides)
    if (scores?.length !== 3 || scores[1] !== rows)
      return `scores are ${shapeText(scores)}, not [1, ${rows}, classes]`
    if (distances?.length !== 3 || distances[1] !== rows || distances[2]! % 4 !== 0) {
      return `distances are ${shapeText(distances)}, not [1, ${rows}, 4 × bins]`
    }
    return scores[2]!
  },

  decode({ scores, distances }, input, { minScore, classes, strides }) {
    const [, rows, classCount] = scores.shape as [number, number, number]
    const bins = distances.shape[2]! / 4
    const candidates: Candidate[] = []
    for (let row = 0; row < rows; row++) {
      let box: Box | undefined
      for (const classIndex of classes) {
        const score = scores.data[row * classCount + classIndex]!
        if (score < minScore) continue
        box ??= boxOf(
          distances.data.subarray(row * 4 * bins, (row + 1) * 4 * bins),
          bins,
          cellOf(row, input, strides),
        )
        candidates.push({ classIndex, score, box })
      }
    }
    return candidates
  },
}

function boxOf(distributions: Float32Array, bins: number, { row, column, stride }: Cell): Box {
  const distance = (side: number) =>
    expectation(distributions.subarray(side * bins, (side + 1) * bins)) * stride
  const x = (column + 0.5) * stride
  const y = (row + 0.5) * stride
  return { left: x - distance(0), top: y - distance(1), right: x + distance(2), bottom: y + distance(3) }
}

/** The expectation over 0, 1, 2 …, with the softmax of these values as their probabilities. */
function expectation(values: Float32Array): number {
  const highest = Math.max(...values)
  let total = 0
  let weighted = 0
  values.forEach((value, index) => {
    const weight = Math.exp(value - highest)
    total += weight
    weighted += weight * index
  })
  return weighted / total
}
