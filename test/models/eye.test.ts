import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Polygon } from '../../config/regions.ts'
import { overlapOf } from '../../models/box.ts'
import { type Eye, openEye } from '../../models/eye.ts'
import { sample } from './odd-pictures.ts'

const campus = sample('campus.jpg')
const rectangle = (left: number, top: number, right: number, bottom: number): Polygon => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
]

let eye: Eye
beforeAll(async () => {
  eye = await openEye()
})
afterAll(() => eye.close())

test('one look counts what is sure, covers more, and lists the rest only when asked', async () => {
  const { model, picture, detections, toCover, unsure, camera, timings } = await eye.look(campus)
  expect(model).toBe('nanodet-g')
  expect(picture).toEqual({ width: 768, height: 576 })
  expect(detections).toEqual(toCover.filter(({ score }) => score >= 0.35))
  expect(toCover.length).toBeGreaterThan(detections.length)
  expect(toCover.every(({ score }) => score >= 0.25)).toBe(true)
  expect(unsure).toEqual([])
  expect(camera.faults).toEqual([])
  expect(timings.totalMs).toBeGreaterThanOrEqual(timings.decodeMs + timings.inferenceMs)
  const curve = await eye.look(campus, { minScore: 0.05 })
  expect({ ...curve, unsure: [], timings }).toEqual({
    model,
    picture,
    detections,
    toCover,
    unsure,
    camera,
    timings,
  })
  expect(curve.unsure?.every(({ score }) => score >= 0.05 && score < 0.25)).toBe(true)
  expect(curve.unsure?.length).toBeGreaterThan(0)
})

describe('a mask', () => {
  test('hides who stands under it from the model, and leaves the others', async () => {
    const { picture, detections } = await eye.look(campus)
    const { box } = detections.find(({ kind }) => kind === 'person')!
    const mask = [
      rectangle(
        Math.max(0, box.left / picture.width - 0.01),
        Math.max(0, box.top / picture.height - 0.01),
        Math.min(1, box.right / picture.width + 0.01),
        Math.min(1, box.bottom / picture.height + 0.01),
      ),
    ]
    const masked = await eye.look(campus, { regions: { mask } })
    expect(masked.toCover.filter(other => overlapOf(other.box, box) > 0.3)).toEqual([])
    expect(masked.detections.length).toBeGreaterThan(detections.length / 2)
    expect(masked.camera.faults).toEqual([])
  })

  test('over everything leaves nothing to be seen, and no camera to be judged', async () => {
    const { toCover, camera } = await eye.look(campus, { regions: { mask: [rectangle(0, 0, 1, 1)] } })
    expect(toCover).toEqual([])
    expect(camera.faults).toEqual([])
  })

  test('lies on the upright picture, also where EXIF turns it', async () => {
    const portrait = sample('portrait.jpg')
    const turned = await sharp(portrait).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect((await eye.look(turned)).detections[0]?.kind).toBe('person')
    const { detections } = await eye.look(turned, { regions: { mask: [rectangle(0, 0, 0.85, 1)] } })
    expect(detections.filter(({ kind }) => kind === 'person')).toEqual([])
  })
})

describe('a zone', () => {
  test('counts whose foot is inside, and everything is covered all the same', async () => {
    const all = await eye.look(campus)
    const zone = rectangle(0, 0, 0.5, 1)
    const { detections, toCover } = await eye.look(campus, { regions: { zone } })
    expect(detections).toEqual(all.detections.filter(({ box }) => (box.left + box.right) / 2 < 384))
    expect(detections.length).toBeGreaterThan(0)
    expect(detections.length).toBeLessThan(all.detections.length)
    expect(toCover).toEqual(all.toCover)
  })

  test('does not count whose head alone is inside', async () => {
    const { picture, detections } = await eye.look(campus)
    const { box } = detections[0]!
    const head = rectangle(
      box.left / picture.width,
      box.top / picture.height,
      box.right / picture.width,
      (box.top + box.bottom) / 2 / picture.height,
    )
    const within = await eye.look(campus, { regions: { zone: head } })
    expect(within.detections).not.toContainEqual(detections[0])
  })
})

test('looks that are under way together do not get in each other’s way', async () => {
  const names = ['campus.jpg', 'car.jpg', 'motorcycle.jpg', 'portrait.jpg']
  const mask = [rectangle(0, 0, 0.5, 1)]
  const alone = []
  for (const name of names) alone.push(await eye.look(sample(name), { regions: { mask } }))
  const together = await Promise.all(
    [...names, ...names].map(name => eye.look(sample(name), { regions: { mask } })),
  )
  const { timings } = alone[0]!
  expect(together.map(look => ({ ...look, timings }))).toEqual(
    [...alone, ...alone].map(look => ({ ...look, timings })),
  )
})
