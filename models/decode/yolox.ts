import { boxAround } from '../box.ts'
import { type Candidate, cellCount, cellOf, type Decoder, shapeText } from './candidate.ts'

/**
 * YOLOX as its own exporter writes it: `predictions` [1, N, 5 + classes]: centre and logarithm of the size, in strides
 * and from the corner of the cell; the score that there is anything; a score per class (both already between 0 and 1).
 * https://github.com/Megvii-BaseDetection/YOLOX, `demo_postprocess`
 */
export const yolox: Decoder<'predictions'> = {
  roles: ['predictions'],
  overlapping: true,

  classCount({ predictions }, input, { strides }) {
    const rows = cellCount(input, strides)
    if (predictions?.length !== 3 || predictions[1] !== rows || predictions[2]! < 6) {
      return `predictions are ${shapeText(predictions)}, not [1, ${rows}, 5 + classes]`
    }
    return predictions[2]! - 5
  },

  decode({ predictions }, input, { minScore, classes, strides }) {
    const [, rows, length] = predictions.shape as [number, number, number]
    const candidates: Candidate[] = []
    for (let row = 0; row < rows; row++) {
      const values = predictions.data.subarray(row * length, (row + 1) * length)
      const anything = values[4]!
      if (anything < minScore) continue
      for (const classIndex of classes) {
        const score = anything * values[5 + classIndex]!
        if (score < minScore) continue
        const cell = cellOf(row, input, strides)
        const box = boxAround(
          (values[0]! + cell.column) * cell.stride,
          (values[1]! + cell.row) * cell.stride,
          Math.exp(values[2]!) * cell.stride,
          Math.exp(values[3]!) * cell.stride,
        )
        candidates.push({ classIndex, score, box })
      }
    }
    return candidates
  },
}
