import { boxAround } from '../box.ts'
import { type Candidate, type DecodeOptions, type Decoder, shapeText, sigmoid } from './candidate.ts'

/**
 * DETR and its relatives: `boxes` [1, N, 4], centre and size as fractions of the input; `scores` [1, N, classes]. The
 * first DETR needs `softmax`, and its last class is "nothing"; RT-DETR needs `sigmoid`. Each thing has one box, so
 * nothing is suppressed. https://arxiv.org/abs/2005.12872
 */
export const detr: Decoder<'scores' | 'boxes'> = {
  roles: ['scores', 'boxes'],
  overlapping: false,

  classCount({ scores, boxes }, _input, { activation }) {
    if (scores?.length !== 3) return `scores are ${shapeText(scores)}, not [1, N, classes]`
    if (boxes?.length !== 3 || boxes[1] !== scores[1] || boxes[2] !== 4) {
      return `boxes are ${shapeText(boxes)}, not [1, ${scores[1]}, 4]`
    }
    return activation === 'softmax' ? scores[2]! - 1 : scores[2]!
  },

  decode({ scores, boxes }, { width, height }, { minScore, classes, activation }) {
    const [, rows, length] = scores.shape as [number, number, number]
    const candidates: Candidate[] = []
    for (let row = 0; row < rows; row++) {
      const score = scorer(scores.data.subarray(row * length, (row + 1) * length), activation)
      const [x, y, w, h] = boxes.data.subarray(row * 4, row * 4 + 4) as unknown as [
        number,
        number,
        number,
        number,
      ]
      const box = boxAround(x * width, y * height, w * width, h * height)
      for (const classIndex of classes) {
        if (score(classIndex) >= minScore) candidates.push({ classIndex, score: score(classIndex), box })
      }
    }
    return candidates
  },
}

function scorer(
  values: Float32Array,
  activation: DecodeOptions['activation'],
): (classIndex: number) => number {
  if (activation === 'none') return classIndex => values[classIndex]!
  if (activation === 'sigmoid') return classIndex => sigmoid(values[classIndex]!)
  const highest = Math.max(...values)
  const total = values.reduce((sum, value) => sum + Math.exp(value - highest), 0)
  return classIndex => Math.exp(values[classIndex]! - highest) / total
}
