import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { blazeface } from '../../models/decode/blazeface.ts'
import type { Decoder, Output } from '../../models/decode/candidate.ts'
import { detr } from '../../models/decode/detr.ts'
import { nanodet } from '../../models/decode/nanodet.ts'
import { yolov8 } from '../../models/decode/yolov8.ts'
import { yolox } from '../../models/decode/yolox.ts'
import { toDetections } from '../../models/detector.ts'
import { readManifest } from '../../models/manifest.ts'
import { bundledModels } from '../../models/model-file.ts'
import { place } from '../../models/placement.ts'

/** 64 × 64: grids of 8 × 8, 4 × 4 and 2 × 2 cells, 84 rows. */
const input = { width: 64, height: 64 }
const strides = [8, 16, 32]
const rows = 84
const options = { minScore: 0.5, classes: [0, 2], strides, activation: 'none' } as const

function output(shape: number[], set: Record<number, number>): Output {
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1))
  for (const [index, value] of Object.entries(set)) data[Number(index)] = value
  return { shape, data }
}

describe('nanodet', () => {
  /** A distribution that is all but certain of one bin. */
  const certain = (row: number, bins: number[]) =>
    Object.fromEntries(bins.map((bin, side) => [row * 12 + side * 3 + bin, 100]))

  test('reads the expectation of each side, in strides from the centre of the cell', () => {
    // Row 64 + 5 is the cell (1, 1) of stride 16: centre (24, 24).
    const scores = output([1, rows, 3], { [69 * 3 + 2]: 0.9 })
    const distances = output([1, rows, 12], certain(69, [0, 1, 2, 1]))
    expect(nanodet.decode({ scores, distances }, input, options)).toEqual([
      { classIndex: 2, score: expect.closeTo(0.9), box: { left: 24, top: 8, right: 56, bottom: 40 } },
    ])
  })

  test('takes an even distribution as its middle', () => {
    const scores = output([1, rows, 3], { 0: 0.9 })
    const distances = output([1, rows, 12], {})
    const [found] = nanodet.decode({ scores, distances }, input, options)
    expect(found?.box.right).toBeCloseTo(4 + 8)
  })

  test('gives one candidate per class above the threshold, of the classes asked for', () => {
    const scores = output([1, rows, 3], { 0: 0.9, 1: 0.9, 2: 0.6, 3: 0.4 })
    const distances = output([1, rows, 12], {})
    expect(nanodet.decode({ scores, distances }, input, options).map(({ classIndex }) => classIndex)).toEqual(
      [0, 2],
    )
  })
})

test('yolox multiplies objectness and class, and offsets count from the corner of the cell', () => {
  // Row 9: the cell (1, 1) of stride 8.
  const at = 9 * 8
  const predictions = output([1, rows, 8], {
    [at]: 0.5,
    [at + 1]: 0.25,
    [at + 2]: Math.log(2),
    [at + 4]: 0.9,
    [at + 5]: 0.8,
    [at + 7]: 0.5,
  })
  expect(yolox.decode({ predictions }, input, options)).toEqual([
    {
      classIndex: 0,
      score: expect.closeTo(0.72),
      box: { left: expect.closeTo(4), top: 6, right: expect.closeTo(20), bottom: 14 },
    },
  ])
})

test('yolov8 reads columns', () => {
  const column = 10
  const line = (n: number) => n * rows + column
  const predictions = output([1, 7, rows], {
    [line(0)]: 30,
    [line(1)]: 20,
    [line(2)]: 10,
    [line(3)]: 8,
    [line(6)]: 0.7,
  })
  expect(yolov8.decode({ predictions }, input, options)).toEqual([
    { classIndex: 2, score: expect.closeTo(0.7), box: { left: 25, top: 16, right: 35, bottom: 24 } },
  ])
})

describe('detr', () => {
  const boxes = output([1, 2, 4], { 4: 0.5, 5: 0.5, 6: 0.25, 7: 0.5 })
  const found = { classIndex: 2, box: { left: 24, top: 16, right: 40, bottom: 48 } }
  const cases = [
    { activation: 'none', scores: output([1, 2, 3], { 5: 0.8 }), score: 0.8 },
    { activation: 'sigmoid', scores: output([1, 2, 3], { 0: -9, 2: -9, 3: -9, 5: Math.log(4) }), score: 0.8 },
    // Four values for three classes: the last is "nothing", and it is sure of the first query.
    { activation: 'softmax', scores: output([1, 2, 4], { 3: 9, 6: Math.log(12) }), score: 0.8 },
  ] as const
  for (const { activation, scores, score } of cases) {
    test(`reads fractions of the input, with ${activation} as the activation`, () => {
      const candidates = detr.decode({ scores, boxes }, input, { ...options, minScore: 0.6, activation })
      expect(candidates).toEqual([{ ...found, score: expect.closeTo(score) }])
    })
  }
})

test('blazeface counts from the anchor of its row, two a cell and then six', () => {
  // Row 512 + 6: the second cell of the 8 × 8 grid, centre (1.5 / 8, 0.5 / 8) of 256.
  const scores = output([1, 896, 1], {
    518: Math.log(9),
    ...Object.fromEntries([...Array(896).keys()].filter(i => i !== 518).map(i => [i, -9])),
  })
  const boxes = output([1, 896, 16], {
    [518 * 16]: 2,
    [518 * 16 + 1]: -1,
    [518 * 16 + 2]: 20,
    [518 * 16 + 3]: 30,
  })
  expect(blazeface.decode({ scores, boxes }, { width: 256, height: 256 }, options)).toEqual([
    { classIndex: 0, score: expect.closeTo(0.9), box: { left: 40, top: 0, right: 60, bottom: 30 } },
  ])
})

describe('shapes', () => {
  const cases: {
    title: string
    decoder: Decoder
    shapes: Record<string, number[]>
    activation?: 'softmax'
    says: number | RegExp
  }[] = [
    {
      title: 'nanodet counts classes',
      decoder: nanodet,
      shapes: { scores: [1, 84, 80], distances: [1, 84, 44] },
      says: 80,
    },
    {
      title: 'nanodet wants a row for each cell',
      decoder: nanodet,
      shapes: { scores: [1, 85, 80], distances: [1, 85, 44] },
      says: /not \[1, 84, classes\]/,
    },
    {
      title: 'nanodet wants four sides',
      decoder: nanodet,
      shapes: { scores: [1, 84, 80], distances: [1, 84, 43] },
      says: /4 × bins/,
    },
    { title: 'yolox counts classes', decoder: yolox, shapes: { predictions: [1, 84, 85] }, says: 80 },
    {
      title: 'yolox is not laid out in columns',
      decoder: yolox,
      shapes: { predictions: [1, 85, 84] },
      says: /5 \+ classes/,
    },
    { title: 'yolov8 counts classes', decoder: yolov8, shapes: { predictions: [1, 84, 84] }, says: 80 },
    {
      title: 'yolov8 is not laid out in rows',
      decoder: yolov8,
      shapes: { predictions: [1, 84, 85] },
      says: /4 \+ classes/,
    },
    {
      title: 'detr counts classes',
      decoder: detr,
      shapes: { scores: [1, 300, 80], boxes: [1, 300, 4] },
      says: 80,
    },
    {
      title: 'detr does not count "nothing"',
      decoder: detr,
      shapes: { scores: [1, 100, 92], boxes: [1, 100, 4] },
      activation: 'softmax',
      says: 91,
    },
    {
      title: 'detr wants a box for each row',
      decoder: detr,
      shapes: { scores: [1, 100, 92], boxes: [1, 99, 4] },
      says: /boxes are \[1, 99, 4\]/,
    },
    {
      title: 'blazeface has its anchors',
      decoder: blazeface,
      shapes: { scores: [1, 895, 1], boxes: [1, 895, 16] },
      says: /896/,
    },
  ]
  for (const { title, decoder, shapes, activation = 'none', says } of cases) {
    test(title, () => {
      const answer = decoder.classCount(shapes, input, { strides, activation })
      if (typeof says === 'number') expect(answer).toBe(says)
      else expect(answer).toMatch(says)
    })
  }
})

interface Recorded {
  readonly input: { width: number; height: number }
  readonly rows: number
  readonly classes: number
  readonly found: { row: number; scores: [number, number][]; distances: number[] }[]
}

test('what NanoDet says of samples/campus.jpg is nine people and two cars', () => {
  // Recorded where a score reaches 0.3; all else is 0.
  const recorded = JSON.parse(
    readFileSync(new URL('recorded/nanodet-g-campus.json', import.meta.url), 'utf8'),
  ) as Recorded
  const scores = output([1, recorded.rows, recorded.classes], {})
  const distances = output([1, recorded.rows, 44], {})
  for (const { row, scores: sure, distances: of } of recorded.found) {
    for (const [index, score] of sure) scores.data[row * recorded.classes + index] = score
    distances.data.set(of, row * 44)
  }
  const manifest = readManifest(bundledModels.objects)
  const classes = Object.values(manifest.classes!.words).flat()
  const candidates = nanodet.decode({ scores, distances }, recorded.input, {
    ...options,
    classes,
    minScore: 0.4,
  })
  const placement = place({ width: 768, height: 576 }, recorded.input, manifest.input)
  const detections = toDetections(candidates, placement, manifest)
  expect(candidates.length).toBeGreaterThan(30)
  expect(Object.groupBy(detections, ({ kind }) => kind)).toMatchObject({
    person: { length: 9 },
    car: { length: 2 },
  })
  const { left, top, right, bottom } = detections[0]!.box
  expect([left, top, right, bottom].map(Math.round)).toEqual([543, 239, 598, 335])
})
