import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../../core/errors.ts'
import { overlapOf } from '../../models/box.ts'
import { type Detector, openDetector } from '../../models/detector.ts'
import { type FaceFinder, openFaceFinder } from '../../models/face-finder.ts'
import { decodePicture, openPicture } from '../../models/picture.ts'

const sample = (name: string) => readFileSync(new URL(`../../models/samples/${name}`, import.meta.url))
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
  const as = {
    'a PNG': () => sharp(motorcycle).png(),
    'a progressive JPEG': () => sharp(motorcycle).jpeg({ progressive: true }),
    'a CMYK JPEG': () => sharp(motorcycle).toColourspace('cmyk').jpeg(),
    'a grey JPEG': () => sharp(motorcycle).greyscale().jpeg(),
    'a PNG of 16 bits': () => sharp(motorcycle).toColourspace('rgb16').png(),
    'a PNG with transparency': () => sharp(motorcycle).ensureAlpha(1).png(),
    'a PNG with a palette': () => sharp(motorcycle).png({ palette: true }),
    'turned by EXIF': () => sharp(motorcycle).rotate(270).withMetadata({ orientation: 6 }).jpeg(),
  }
  for (const [title, convert] of Object.entries(as)) {
    test(title, async () => {
      const { picture, detections } = await detector.detect(await convert().toBuffer())
      expect(picture).toEqual({ width: 720, height: 486 })
      const [usual] = (await detector.detect(motorcycle)).detections
      expect(detections[0]?.kind).toBe('motorcycle')
      expect(overlapOf(detections[0]!.box, usual!.box)).toBeGreaterThan(0.8)
    })
  }
})

/** A square of one bit a pixel: it shrinks to a thousandth. */
function blackPng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(named))
    return Buffer.concat([length, named, sum])
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  const pixels = deflateSync(Buffer.alloc(side * (1 + side / 8)))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

describe('a picture that cannot be used is refused at once', () => {
  const cases: { title: string; bytes: () => Promise<Buffer> | Buffer; code: string }[] = [
    { title: 'no bytes', bytes: () => Buffer.alloc(0), code: 'PICTURE_UNREADABLE' },
    { title: 'text', bytes: () => Buffer.from('this is a text file named .jpg'), code: 'PICTURE_UNREADABLE' },
    {
      title: 'half a JPEG',
      bytes: () => motorcycle.subarray(0, motorcycle.length / 2),
      code: 'PICTURE_UNREADABLE',
    },
    { title: 'a head without a body', bytes: () => motorcycle.subarray(0, 20), code: 'PICTURE_UNREADABLE' },
    {
      title: '16,000 × 16,000 in a small file',
      bytes: () => blackPng(16_000),
      code: 'PICTURE_TOO_LARGE',
    },
    {
      title: 'SVG',
      bytes: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      code: 'PICTURE_UNREADABLE',
    },
    { title: 'GIF', bytes: () => sharp(motorcycle).gif().toBuffer(), code: 'PICTURE_UNREADABLE' },
    { title: 'TIFF', bytes: () => sharp(motorcycle).tiff().toBuffer(), code: 'PICTURE_UNREADABLE' },
    { title: 'WebP', bytes: () => sharp(motorcycle).webp().toBuffer(), code: 'PICTURE_UNREADABLE' },
  ]
  for (const { title, bytes, code } of cases) {
    test(title, async () => {
      const picture = await bytes()
      const started = performance.now()
      const error = await detector.detect(picture).catch((reason: unknown) => reason)
      expect(codeOf(error), String(error)).toBe(code)
      expect(performance.now() - started).toBeLessThan(1000)
    })
  }

  test('but ten megabytes of EXIF in front of it do no harm', async () => {
    const segment = Buffer.alloc(65_537)
    segment.set([0xff, 0xe1, 0xff, 0xff])
    const stuffed = Buffer.concat([
      motorcycle.subarray(0, 2),
      ...Array<Buffer>(160).fill(segment),
      motorcycle.subarray(2),
    ])
    const started = performance.now()
    const answer = await detector.detect(stuffed).then(
      ({ detections }) => detections[0]?.kind,
      (error: unknown) => codeOf(error),
    )
    expect(['motorcycle', 'PICTURE_UNREADABLE']).toContain(answer)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('but a single pixel is a picture, with nothing on it', async () => {
    const pixel = await sharp(motorcycle).resize(1, 1).jpeg().toBuffer()
    expect((await detector.detect(pixel)).detections).toEqual([])
  })
})

describe('the face finder', () => {
  test('finds a face on the whole picture and on the person', async () => {
    const picture = sample('portrait.jpg')
    const { detections } = await detector.detect(picture)
    const persons = detections.filter(({ kind }) => kind === 'person').map(({ box }) => box)
    const { faces, persons: looks } = await finder.find(
      await decodePicture(await openPicture(picture)),
      persons,
    )
    expect(faces.filter(({ sure }) => sure)).toHaveLength(1)
    const [onPerson] = looks[0]!.faces
    expect(onPerson?.sure).toBe(true)
    expect(overlapOf(onPerson!.box, faces[0]!.box)).toBeGreaterThan(0.6)
  })

  test('finds none on a motorcycle', async () => {
    const { faces } = await finder.find(await decodePicture(await openPicture(motorcycle)), [])
    expect(faces.filter(({ sure }) => sure)).toEqual([])
  })

  test('looks at a person at the very edge', async () => {
    const pixels = await decodePicture(await openPicture(motorcycle))
    const edge = { left: 719.8, top: 485.9, right: 720, bottom: 486 }
    expect((await finder.find(pixels, [edge])).persons).toHaveLength(1)
  })
})
