import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Box, overlapOf } from '../../models/box.ts'
import { type Detector, openDetector } from '../../models/detector.ts'
import { type FaceFinder, facesByPerson, openFaceFinder } from '../../models/face-finder.ts'
import { decodePicture, openPicture } from '../../models/picture.ts'
import { otherKinds, sample } from './odd-pictures.ts'

const motorcycle = sample('motorcycle.jpg')

let detector: Detector
let finder: FaceFinder
beforeAll(async () => {
  detector = await openDetector()
  finder = await openFaceFinder()
})
afterAll(async () => {
  await detector.close()
  await finder.close()
})

describe('the detector sees', () => {
  const cases = [
    { picture: 'campus.jpg', atLeast: { person: 8, car: 2 } },
    { picture: 'car.jpg', atLeast: { car: 1 } },
    { picture: 'motorcycle.jpg', atLeast: { motorcycle: 1 } },
    { picture: 'portrait.jpg', atLeast: { person: 1 } },
  ]
  for (const { picture, atLeast } of cases) {
    test(`${JSON.stringify(atLeast)} on ${picture}, and nothing else much`, async () => {
      const { detections, timings } = await detector.detect(sample(picture))
      const counts = Object.fromEntries(
        Object.entries(Object.groupBy(detections, ({ kind }) => kind)).map(([kind, all]) => [
          kind,
          all.length,
        ]),
      )
      for (const [kind, count] of Object.entries(atLeast)) expect(counts[kind]).toBeGreaterThanOrEqual(count)
      expect(Object.keys(counts)).toEqual(Object.keys(atLeast))
      expect(timings.totalMs).toBeGreaterThanOrEqual(timings.decodeMs + timings.inferenceMs)
    })
  }

  test('more below the working threshold, and the same above it', async () => {
    const usual = await detector.detect(sample('campus.jpg'))
    const more = await detector.detect(sample('campus.jpg'), { minScore: 0.1 })
    expect(more.detections.length).toBeGreaterThan(usual.detections.length)
    expect(more.detections.filter(({ score }) => score >= 0.35)).toEqual(usual.detections)
  })
})

describe('a picture of another kind shows the same', () => {
  for (const { title, bytes } of otherKinds) {
    test(title, async () => {
      const { picture, detections } = await detector.detect(await bytes())
      expect(picture).toEqual({ width: 720, height: 486 })
      const [usual] = (await detector.detect(motorcycle)).detections
      expect(detections[0]?.kind).toBe('motorcycle')
      expect(overlapOf(detections[0]!.box, usual!.box)).toBeGreaterThan(0.8)
    })
  }
})

describe('the face finder', () => {
  test('finds a face on the whole picture, and knows whose head it is in', async () => {
    const picture = sample('portrait.jpg')
    const { detections } = await detector.detect(picture)
    const persons = detections.filter(({ kind }) => kind === 'person').map(({ box }) => box)
    const { faces, persons: looks } = await finder.find(
      await decodePicture(await openPicture(picture)),
      persons,
    )
    expect(faces.filter(({ sure }) => sure)).toHaveLength(1)
    // The sure face of the whole picture is that person's: there is no need for a closer look.
    expect(looks[0]!.faces).toEqual(faces.filter(({ sure }) => sure))
  })

  test('takes a face for that of the person in whose head it lies, and of one person only', () => {
    const face = (left: number, sure = true) => ({
      score: sure ? 0.9 : 0.4,
      sure,
      box: { left, top: 10, right: left + 20, bottom: 30 },
    })
    const front: Box = { left: 0, top: 0, right: 60, bottom: 200 }
    const behind: Box = { left: 30, top: 0, right: 90, bottom: 200 }
    const [ofFront, ofBehind] = [face(15), face(52)] as const
    expect(facesByPerson([ofBehind, ofFront], [front, behind])).toEqual(
      new Map([
        [front, ofFront],
        [behind, ofBehind],
      ]),
    )
    expect([...facesByPerson([ofFront], [front, behind]).keys()]).toEqual([front])
    expect(facesByPerson([face(15, false)], [front])).toEqual(new Map())
  })

  test('finds none on a motorcycle', async () => {
    const { faces } = await finder.find(await decodePicture(await openPicture(motorcycle)), [])
    expect(faces.filter(({ sure }) => sure)).toEqual([])
  })

  test('finds a face by a closer look that is too small on the whole picture', async () => {
    const { data, width, height } = await decodePicture(await openPicture(sample('portrait.jpg')))
    const large = {
      width: width * 8,
      height: height * 8,
      data: new Uint8Array(width * height * 192).fill(90),
    }
    for (let row = 0; row < height; row++)
      large.data.set(data.subarray(row * width * 3, (row + 1) * width * 3), row * large.width * 3)
    const { faces, persons } = await finder.find(large, [{ left: 0, top: 0, right: width, bottom: height }])
    expect(faces.filter(({ sure }) => sure)).toEqual([])
    expect(persons[0]!.faces.some(({ sure }) => sure)).toBe(true)
  })

  test('looks at a person at the very edge', async () => {
    const pixels = await decodePicture(await openPicture(motorcycle))
    const edge = { left: 719.8, top: 485.9, right: 720, bottom: 486 }
    expect((await finder.find(pixels, [edge])).persons).toHaveLength(1)
  })
})
