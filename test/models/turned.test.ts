import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isInside, type Polygon, type Regions, turnPolygon, withTurn } from '../../config/regions.ts'
import { type Turn, turns } from '../../core/turn.ts'
import { type Eye, openEye } from '../../models/eye.ts'
import { openRedactor, type Redactor } from '../../models/redactor.ts'
import { sample } from './odd-pictures.ts'

let eye: Eye
let redactor: Redactor
beforeAll(async () => {
  eye = await openEye()
  redactor = await openRedactor()
})
afterAll(async () => {
  await eye.close()
  await redactor.close()
})

/** As a camera sends it whose pictures stand upright once they are turned by `turned`. */
const mounted = (picture: Buffer, turned: Turn) =>
  sharp(picture)
    .rotate((360 - turned) % 360)
    .jpeg({ quality: 95 })
    .toBuffer()
const left: Polygon = [
  [0, 0],
  [0.5, 0],
  [0.5, 1],
  [0, 1],
]

describe.each([90, 180, 270] as const)('of a camera that is turned by %i degrees', turned => {
  test('the pictures are seen upright, masks and zones lie on the upright picture', async () => {
    const campus = await mounted(sample('campus.jpg'), turned)
    const people = async (regions: Regions) => {
      const { picture, detections } = await eye.look(campus, { regions })
      return { picture, boxes: detections.filter(({ kind }) => kind === 'person').map(({ box }) => box) }
    }
    const { picture, boxes } = await people({ turned })
    expect(picture).toEqual({ width: 768, height: 576 })
    expect(boxes.length).toBeGreaterThan(2 * (await people({})).boxes.length)
    expect(boxes.every(box => box.bottom - box.top > box.right - box.left)).toBe(true)
    const zoned = await people({ turned, zone: left })
    expect(zoned.boxes).toEqual(boxes.filter(box => (box.left + box.right) / 2 < 384))
    const masked = await people({ turned, mask: [left] })
    expect(masked.boxes.every(box => box.right > 384)).toBe(true)
    expect(masked.boxes.length).toBeGreaterThan(0)
  })

  test('what is kept stands upright, with its faces covered and its mask black', async () => {
    const original = sample('portrait.jpg')
    const { toCover } = await eye.look(original)
    const wanted = await redactor.redact(original, { toCover, mask: [left] })
    const picture = await mounted(original, turned)
    const seen = await eye.look(picture, { regions: { turned } })
    const kept = await redactor.redact(picture, { toCover: seen.toCover, mask: [left], turned })
    expect(kept.size).toEqual(wanted.size)
    expect(kept.covered.length).toBeGreaterThan(0)
    const pixels = (jpeg: Buffer) => sharp(jpeg).resize(64, 64, { fit: 'fill' }).greyscale().raw().toBuffer()
    const [a, b] = await Promise.all([pixels(kept.jpeg), pixels(wanted.jpeg)])
    const apart = a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length
    expect(apart).toBeLessThan(3)
  })
})

describe('a part of a picture', () => {
  const thousandth = fc.integer({ min: 0, max: 1000 }).map(value => value / 1000)
  const corner = fc.tuple(thousandth, thousandth)
  const polygon = fc.array(corner, { minLength: 3, maxLength: 8 })
  const turn = fc.constantFrom(...turns)

  test('is turned with the picture: what lay in it lies in it', () => {
    const off = corner.map(([x, y]): [number, number] => [x * 0.9 + 0.0501234, y * 0.9 + 0.0504321])
    fc.assert(
      fc.property(polygon, off, turn, (part, point, by) => {
        const [[x, y]] = turnPolygon([point], by) as [[number, number]]
        expect(isInside(turnPolygon(part, by), x, y)).toBe(isInside(part, ...point))
      }),
    )
  })

  test('stays on the same things when the turn of its camera is set anew, and is as before when that is taken back', () => {
    const before: Regions = { mask: [left], zone: left, turned: 90 }
    const after = withTurn(before, 180)
    expect(after).toEqual({
      mask: [turnPolygon(left, 90)],
      zone: [[1, 0], [1, 0.5], [0, 0.5], [0, 0]],
      turned: 180,
    }) // biome-ignore format: corners
    expect(withTurn(after, 90)).toEqual(before)
    expect(withTurn({ turned: 270 }, 0)).toEqual({})
  })
})
