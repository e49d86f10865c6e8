import { boxAround } from '../box.ts'
import { type Candidate, type Decoder, shapeText, sigmoid } from './candidate.ts'

/**
 * BlazeFace for the back camera, 256 × 256: `scores` [1, 896, 1] before the sigmoid; `boxes` [1, 896, 16]: centre from
 * the anchor, size, and six points of the face that are not used here, all in pixels. The anchors are the centres of 16 ×
 * 16 cells, two each, then of 8 × 8 cells, six each.
 * https://arxiv.org/abs/1907.05047
 */
const grids = [
  { cells: 16, anchors: 2 },
  { cells: 8, anchors: 6 },
]
const anchorCount = grids.reduce((total, { cells, anchors }) => total + cells * cells * anchors, 0)
const boxLength = 16

export const blazeface: Decoder<'scores' | 'boxes'> = {
  roles: ['scores', 'boxes'],
  overlapping: true,

  classCount({ scores, boxes }) {
    if (String(scores) !== String([1, anchorCount, 1]))
      return `scores are ${shapeText(scores)}, not [1, ${anchorCount}, 1]`
    if (String(boxes) !== String([1, anchorCount, boxLength])) {
      return `boxes are ${shapeText(boxes)}, not [1, ${anchorCount}, ${boxLength}]`
    }
    return 1
  },

  decode({ scores, boxes }, input, { minScore }) {
    const candidates: Candidate[] = []
    scores.data.forEach((raw, row) => {
      const score = sigmoid(raw)
      if (score < minScore) return
      const [x, y, width, height] = boxes.data.subarray(row * boxLength) as unknown as [
        number,
        number,
        number,
        number,
      ]
      const anchor = anchorOf(row)
      const box = boxAround(x + anchor.x * input.width, y + anchor.y * input.height, width, height)
      candidates.push({ classIndex: 0, score, box })
    })
    return candidates
  },
}

/** The anchor of a row, in fractions of the input. */
function anchorOf(row: number): { x: number; y: number } {
  let rest = row
  for (const { cells, anchors } of grids) {
    const count = cells * cells * anchors
    const cell = Math.floor(rest / anchors)
    if (rest < count)
      return { x: ((cell % cells) + 0.5) / cells, y: (Math.floor(cell / cells) + 0.5) / cells }
    rest -= count
  }
  throw new RangeError(`there are ${anchorCount} anchors, not ${row}`)
}
