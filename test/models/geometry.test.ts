import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { areaOf, overlapOf } from '../../models/box.ts'
import { type Face, facesToCover, platesOnRoad, platesToCover } from '../../models/cover.ts'
import { suppress } from '../../models/decode/suppress.ts'
import { chooseSize, place, toPicture } from '../../models/placement.ts'

const sizes = [
  { width: 512, height: 288 },
  { width: 512, height: 384 },
  { width: 384, height: 512 },
]
const centred = { fit: 'letterbox', anchor: 'centre' } as const

describe('the size nearest in shape', () => {
  const cases = [
    { picture: { width: 1920, height: 1080 }, size: '512×288' },
    { picture: { width: 1280, height: 720 }, size: '512×288' },
    { picture: { width: 640, height: 480 }, size: '512×384' },
    { picture: { width: 640, height: 426 }, size: '512×384' },
    { picture: { width: 640, height: 640 }, size: '512×384' },
    { picture: { width: 480, height: 640 }, size: '384×512' },
    { picture: { width: 720, height: 1280 }, size: '384×512' },
    { picture: { width: 4000, height: 1 }, size: '512×288' },
  ]
  for (const { picture, size } of cases) {
    test(`for ${picture.width} × ${picture.height} is ${size}`, () => {
      const { width, height } = chooseSize(picture, sizes)
      expect(`${width}×${height}`).toBe(size)
    })
  }
})

describe('the letterbox', () => {
  test('centres a picture of another shape', () => {
    const placement = place({ width: 640, height: 640 }, sizes[1]!, centred)
    expect(placement).toMatchObject({ inner: { width: 384, height: 384 }, left: 64, top: 0 })
    expect(toPicture({ left: 64, top: 0, right: 448, bottom: 384 }, placement)).toEqual({
      left: 0,
      top: 0,
      right: 640,
      bottom: 640,
    })
  })

  test('starts at the top left where the model was trained so', () => {
    expect(
      place(
        { width: 100, height: 50 },
        { width: 416, height: 416 },
        { fit: 'letterbox', anchor: 'top-left' },
      ),
    ).toMatchObject({ inner: { width: 416, height: 208 }, left: 0, top: 0 })
  })

  test('stretches where the model was trained so', () => {
    const placement = place(
      { width: 100, height: 50 },
      { width: 640, height: 640 },
      { fit: 'stretch', anchor: 'centre' },
    )
    expect(toPicture({ left: 320, top: 320, right: 640, bottom: 640 }, placement)).toEqual({
      left: 50,
      top: 25,
      right: 100,
      bottom: 50,
    })
  })

  test('lies within the input, and every box comes back within the picture', () => {
    const side = fc.integer({ min: 1, max: 5000 })
    const coordinate = fc.double({ min: -600, max: 1200, noNaN: true })
    fc.assert(
      fc.property(
        side,
        side,
        coordinate,
        coordinate,
        coordinate,
        coordinate,
        (width, height, left, top, right, bottom) => {
          const picture = { width, height }
          const size = chooseSize(picture, sizes)
          const placement = place(picture, size, centred)
          expect(placement.inner.width).toBeGreaterThanOrEqual(1)
          expect(placement.left + placement.inner.width).toBeLessThanOrEqual(size.width)
          expect(placement.top + placement.inner.height).toBeLessThanOrEqual(size.height)
          const box = toPicture({ left, top, right, bottom }, placement)
          expect(Math.min(box.left, box.right, box.top, box.bottom)).toBeGreaterThanOrEqual(0)
          expect(Math.max(box.left, box.right)).toBeLessThanOrEqual(width)
          expect(Math.max(box.top, box.bottom)).toBeLessThanOrEqual(height)
        },
      ),
    )
  })
})

describe('suppression', () => {
  const box = { left: 0, top: 0, right: 10, bottom: 10 }
  const things = [
    { kind: 'car', score: 0.6, box },
    { kind: 'truck', score: 0.8, box: { ...box, right: 11 } },
    { kind: 'person', score: 0.5, box },
    { kind: 'car', score: 0.7, box: { ...box, left: 9, right: 20 } },
  ]

  test('keeps the surest of a group, and what does not overlap it', () => {
    const kept = suppress(things, 0.5, ({ kind }) => (kind === 'person' ? undefined : 'vehicle'))
    expect(kept.map(({ kind, score }) => [kind, score])).toEqual([
      ['truck', 0.8],
      ['car', 0.7],
      ['person', 0.5],
    ])
  })

  test('leaves no two of a group overlapping, and does not depend on the order', () => {
    const boxes = fc.array(
      fc.record({
        score: fc.double({ min: 0, max: 1, noNaN: true }),
        x: fc.nat(50),
        y: fc.nat(50),
        side: fc.integer({ min: 1, max: 40 }),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(boxes, drawn => {
        const all = drawn.map(({ score, x, y, side }, index) => ({
          score: score + index * 1e-9,
          box: { left: x, top: y, right: x + side, bottom: y + side },
        }))
        const kept = suppress(all, 0.5, () => 'one')
        for (const a of kept)
          for (const b of kept) if (a !== b) expect(overlapOf(a.box, b.box)).toBeLessThanOrEqual(0.5)
        expect(suppress(all.toReversed(), 0.5, () => 'one').length).toBe(kept.length)
      }),
    )
  })
})

describe('what is covered', () => {
  const picture = { width: 1000, height: 1000 }
  const face = (left: number, sure = true): Face => ({
    score: sure ? 0.9 : 0.4,
    sure,
    box: { left, top: 100, right: left + 100, bottom: 200 },
  })
  const standing = { left: 400, top: 100, right: 500, bottom: 500 }

  test('is each face with a margin, and nothing else of a person whose face was seen plainly', () => {
    expect(facesToCover(picture, [{ person: standing, faces: [face(400)] }], [])).toEqual([
      { left: 370, top: 70, right: 530, bottom: 230 },
    ])
  })

  const heads = [
    { title: 'a quarter of one who stands', person: standing, bottom: 200 },
    { title: 'six tenths at most of a wide one', person: { ...standing, right: 1000 }, bottom: 340 },
    { title: 'as much as it is wide, nearly, of a bust', person: { ...standing, bottom: 300 }, bottom: 180 },
  ]
  for (const { title, person, bottom } of heads) {
    test(`is the head by its place where none was seen: ${title}`, () => {
      expect(facesToCover(picture, [{ person, faces: [] }], [])).toEqual([{ ...person, bottom }])
    })
  }

  const small = { ...face(430), box: { left: 430, top: 150, right: 470, bottom: 190 } }
  const low = { ...face(400), box: { left: 400, top: 300, right: 500, bottom: 400 } }
  for (const { title, seen } of [
    { title: 'is doubtful', seen: face(400, false) },
    { title: 'is so small that it may be a pattern', seen: small },
    { title: 'is not where a head is', seen: low },
  ]) {
    test(`is the head as well where the face ${title}`, () => {
      expect(facesToCover(picture, [{ person: standing, faces: [seen] }], [])).toHaveLength(2)
    })
  }

  test('is what the whole picture showed, within the picture', () => {
    const [region] = facesToCover(picture, [], [face(0)])
    expect(region).toEqual({ left: 0, top: 70, right: 130, bottom: 230 })
    expect(areaOf(region!)).toBeGreaterThan(0)
  })
})

describe('plates', () => {
  const picture = { width: 200, height: 100 }
  const box = { left: 10, top: 0, right: 60, bottom: 100 }
  const lower = { ...box, top: 40 }
  const all = { left: 0, top: 0, right: 200, bottom: 100 }
  const cases = [
    { title: 'a car', kinds: ['car'], atDoor: [lower], onRoad: [lower] },
    { title: 'a person', kinds: ['person'], atDoor: [], onRoad: [all] },
    { title: 'a car and a person', kinds: ['car', 'person'], atDoor: [lower], onRoad: [lower, lower] },
    { title: 'a bicycle', kinds: ['bicycle'], atDoor: [], onRoad: [all] },
    { title: 'nothing', kinds: [], atDoor: [], onRoad: [all] },
  ] as const
  for (const { title, kinds, atDoor, onRoad } of cases) {
    test(`where ${title} was seen`, () => {
      const things = kinds.map(kind => ({ kind, box }))
      expect(platesToCover(things)).toEqual(atDoor)
      expect(platesOnRoad(picture, things)).toEqual(onRoad)
    })
  }
})
