import { boxAround } from '../box.ts'
import { type Candidate, cellCount, type Decoder, shapeText } from './candidate.ts'

/**
 * The layout of YOLOv8 and its successors: `predictions` [1, 4 + classes, N]: centre and size in pixels of the input,
 * then a score per class, already between 0 and 1. One thing is a column, not a row.
 */
export const yolov8: Decoder<'predictions'> = {
  roles: ['predictions'],
  overlapping: true,

  classCount({ predictions }, input, { strides }) {
    const columns = cellCount(input, strides)
    if (predictions?.length !== 3 || predictions[2] !== columns || predictions[1]! < 5) {
      return `predictions are ${shapeText(predictions)}, not [1, 4 + classes, ${columns}]`
    }
    return predictions[1]! - 4
  },

  decode({ predictions: { shape, data } }, _input, { minScore, classes }) {
    const columns = shape[2]!
    const candidates: Candidate[] = []
    for (const classIndex of classes) {
      for (let column = 0; column < columns; column++) {
        const value = (line: number) => data[line * columns + column]!
        const score = value(4 + classIndex)
        if (score < minScore) continue
        candidates.push({ classIndex, score, box: boxAround(value(0), value(1), value(2), value(3)) })
      }
    }
    return candidates
  },
}
