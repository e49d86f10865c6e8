import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AnnotatedFace } from '../../bench/accuracy/annotated.ts'
import { averagePrecision } from '../../bench/accuracy/average-precision.ts'
import { isCovered, isLarge } from '../../bench/accuracy/face-coverage.ts'
import { run } from '../../bench/accuracy.ts'

const at = (left: number) => ({ left, top: 0, right: left + 10, bottom: 10 })
const truth = (left: number, crowd = false) => ({ box: at(left), crowd })
const found = (left: number, score: number) => ({ box: at(left), score })

describe('average precision, by hand', () => {
  const cases = [
    {
      title: 'all found, nothing else',
      truths: [truth(0), truth(20)],
      found: [found(0, 0.9), found(20, 0.8)],
      ap: 1,
    },
    { title: 'nothing found', truths: [truth(0)], found: [], ap: 0 },
    {
      title: 'one of two found: full precision up to a recall of a half',
      truths: [truth(0), truth(20)],
      found: [found(0, 0.9)],
      ap: 51 / 101,
    },
    {
      title: 'a surer mistake halves the precision',
      truths: [truth(0)],
      found: [found(50, 0.9), found(0, 0.8)],
      ap: 0.5,
    },
    {
      title: 'a less sure mistake does no harm',
      truths: [truth(0)],
      found: [found(0, 0.9), found(50, 0.8)],
      ap: 1,
    },
    {
      title: 'the second box on one thing is a mistake',
      truths: [truth(0), truth(20)],
      found: [found(0, 0.9), found(1, 0.8), found(20, 0.7)],
      ap: (51 + 50 * (2 / 3)) / 101,
    },
    {
      title: 'what falls on a crowd does not count',
      truths: [truth(0), truth(50, true)],
      found: [found(50, 0.9), found(51, 0.9), found(0, 0.8)],
      ap: 1,
    },
    { title: 'a class that does not occur has none', truths: [], found: [found(0, 0.9)], ap: undefined },
  ]
  for (const { title, ap, ...one } of cases) {
    test(title, () => {
      const answer = averagePrecision([one], 0.5)
      if (ap === undefined) expect(answer).toBeUndefined()
      else expect(answer).toBeCloseTo(ap)
    })
  }

  test('orders detections over all pictures, not one by one', () => {
    const right = { truths: [truth(0)], found: [found(0, 0.9)] }
    const wrong = { truths: [truth(0)], found: [found(50, 0.95)] }
    // The surest of both is wrong: precision one half at a recall of one half.
    expect(averagePrecision([right, wrong], 0.5)).toBeCloseTo((0.5 * 51) / 101)
  })
})

describe('a face', () => {
  const face: AnnotatedFace = { leftEye: [20, 10], rightEye: [10, 10], nose: [15, 20] }

  test('is covered only with its chin, 1.2 times as far below the nose as the eyes are above', () => {
    expect(isCovered(face, [{ left: 5, top: 5, right: 25, bottom: 32 }])).toBe(true)
    expect(isCovered(face, [{ left: 5, top: 5, right: 25, bottom: 31 }])).toBe(false)
  })

  test('is not covered by two regions that hold a half each', () => {
    const halves = [
      { left: 5, top: 5, right: 15, bottom: 40 },
      { left: 15, top: 5, right: 25, bottom: 40 },
    ]
    expect(isCovered(face, halves)).toBe(false)
  })

  test('counts from twelve pixels between the eyes', () => {
    expect(isLarge(face)).toBe(false)
    expect(isLarge({ ...face, leftEye: [22, 10] })).toBe(true)
  })
})

const pictures = process.env.LINTEL_PICTURES ?? ''
const there = existsSync(join(pictures, 'annotations.json'))
const title = there
  ? 'the models reach their figures'
  : 'the models reach their figures (set LINTEL_PICTURES to a directory of pictures with annotations.json)'

test.skipIf(!there)(title, { timeout: 120_000 }, async () => {
  const figures = await run({}, [pictures])
  expect(figures.personAp50).toBeGreaterThanOrEqual(0.69)
  expect(figures.fourWheelPresence / figures.images).toBeGreaterThanOrEqual(41 / 43)
  if (figures.facesCovered !== null) expect(figures.facesCovered).toBeGreaterThanOrEqual(0.95)
})
