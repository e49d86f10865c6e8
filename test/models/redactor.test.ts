import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blur } from '../../models/blur.ts'
import { type Box, clip, type Size, wholePixels } from '../../models/box.ts'
import { type Eye, openEye } from '../../models/eye.ts'
import type { Pixels } from '../../models/picture.ts'
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

/** Through the path that snapshots take. */
async function redacted(picture: Uint8Array) {
  const { toCover } = await eye.look(picture)
  return { toCover, ...(await redactor.redact(picture, { toCover })) }
}

async function upright(picture: Uint8Array, { width, height }: Size): Promise<Pixels> {
  return {
    width,
    height,
    data: await sharp(picture).autoOrient().resize(width, height).removeAlpha().raw().toBuffer(),
  }
}

/** Mean step from one pixel to the next, within a box. */
function detail({ data, width }: Pixels, box: Box): number {
  let [total, count] = [0, 0]
  for (let y = Math.ceil(box.top); y < Math.floor(box.bottom); y++) {
    for (let x = Math.ceil(box.left); x < Math.floor(box.right) - 1; x++) {
      const at = (y * width + x) * 3 + 1
      total += Math.abs(data[at + 3]! - data[at]!)
      count++
    }
  }
  return total / count
}

const isIn = ({ left, top, right, bottom }: Box, x: number, y: number) =>
  x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1

describe('a redacted picture', () => {
  test('shows a face no more, and everything else as before', async () => {
    const picture = sample('portrait.jpg')
    const { jpeg, size, covered, toCover } = await redacted(picture)
    const [before, after] = [await upright(picture, size), await upright(jpeg, size)]
    const { box: person } = toCover.find(({ kind }) => kind === 'person')!
    const face = covered.find(box => isIn(person, box.left, box.top))!
    expect(detail(after, face)).toBeLessThan(detail(before, face) / 4)
    let [changed, count] = [0, 0]
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        if (covered.some(box => isIn(box, x, y))) continue
        for (let channel = 0; channel < 3; channel++) {
          const at = (y * size.width + x) * 3 + channel
          changed += Math.abs(before.data[at]! - after.data[at]!)
          count++
        }
      }
    }
    expect(count / before.data.length).toBeGreaterThan(0.4)
    expect(changed / count).toBeLessThan(3)
  })

  test('shows no plate: the lower third of a vehicle has lost its detail, and so has the boot of this one', async () => {
    const picture = sample('car.jpg')
    const { jpeg, size, covered, toCover } = await redacted(picture)
    const { box } = toCover.find(({ kind }) => kind === 'car')!
    const third = { ...box, top: box.bottom - (box.bottom - box.top) / 3 }
    expect(
      covered.some(other => isIn(other, third.left, third.top) && isIn(other, third.right, third.bottom)),
    ).toBe(true)
    const plate = { left: 223, top: 230, right: 359, bottom: 297 }
    expect(
      covered.some(other => isIn(other, plate.left, plate.top) && isIn(other, plate.right, plate.bottom)),
    ).toBe(true)
    const [before, after] = [await upright(picture, size), await upright(jpeg, size)]
    expect(detail(after, third)).toBeLessThan(detail(before, third) / 3)
    const roof = { ...box, bottom: box.top + (box.bottom - box.top) / 4 }
    expect(detail(after, roof)).toBeGreaterThan(detail(before, roof) / 2)
  })

  test('of a motorcycle proves that it is one, and shows neither end where its plate is', async () => {
    const picture = sample('motorcycle.jpg')
    const { jpeg, size, covered, toCover } = await redacted(picture)
    const { box } = toCover.find(({ kind }) => kind === 'motorcycle')!
    const [width, height] = [box.right - box.left, box.bottom - box.top]
    for (const x of [box.left, box.left + width / 4, box.right - width / 4, box.right])
      for (const part of [0.3, 0.5, 0.75])
        expect(covered.some(other => isIn(other, x, box.top + height * part))).toBe(true)
    const kinds = (await eye.look(jpeg)).detections.map(({ kind }) => kind)
    expect(kinds).toContain('motorcycle')
    const middle = { ...box, left: box.left + width * 0.35, right: box.right - width * 0.35 }
    const [before, after] = [await upright(picture, size), await upright(jpeg, size)]
    expect(detail(after, middle)).toBeGreaterThan(detail(before, middle) * 0.8)
  })

  test('of a motorcycle that is seen from behind covers the whole width', async () => {
    const box = { left: 300, top: 100, right: 420, bottom: 400 }
    const { covered } = await redactor.redact(sample('motorcycle.jpg'), {
      toCover: [{ kind: 'motorcycle', score: 0.9, box }],
    })
    expect(covered.some(other => isIn(other, 300, 180) && isIn(other, 419, 335))).toBe(true)
    expect(covered.some(other => isIn(other, 360, 110) || isIn(other, 360, 395))).toBe(false)
  })

  test('shows no plate of a road where no vehicle was seen: all has lost its detail', async () => {
    const picture = sample('car.jpg')
    const { jpeg, size } = await redactor.redact(picture, { toCover: [], isRoad: true })
    const [before, after] = [await upright(picture, size), await upright(jpeg, size)]
    const all = { left: 0, top: 0, right: size.width, bottom: size.height }
    expect(detail(after, all)).toBeLessThan(detail(before, all) / 3)
  })

  test('holds nothing but pixels: no place, no time, no profile, no thumbnail', async () => {
    const picture = await sharp(sample('portrait.jpg'))
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .withIccProfile('p3')
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><who>Li</who></x:xmpmeta>')
      .withExif({
        IFD0: { Artist: 'Li Wei' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
      })
      .jpeg()
      .toBuffer()
    const told = await sharp(picture).metadata()
    expect(told).toMatchObject({
      orientation: 6,
      exif: expect.anything(),
      icc: expect.anything(),
      xmp: expect.anything(),
    })
    const { jpeg, size } = await redacted(picture)
    const { exif, icc, xmp, iptc, orientation, width, height, format } = await sharp(jpeg).metadata()
    expect({ exif, icc, xmp, iptc, orientation }).toEqual({})
    expect({ width, height, format }).toEqual({ ...size, format: 'jpeg' })
    expect(size.width / size.height).toBeCloseTo((told.height ?? 0) / (told.width ?? 1), 1)
    for (const word of ['Exif', 'ICC_PROFILE', 'http', 'Li Wei', 'GPS'])
      expect(jpeg.includes(word), word).toBe(false)
  })

  const sizes = [
    {
      title: 'a large one gets 960 pixels on its longer edge',
      width: 1280,
      height: 720,
      expected: { width: 960, height: 540 },
    },
    { title: 'an upright one too', width: 1080, height: 1920, expected: { width: 540, height: 960 } },
    { title: 'a small one stays as it is', width: 320, height: 240, expected: { width: 320, height: 240 } },
  ]
  for (const { title, width, height, expected } of sizes) {
    test(`is never enlarged: ${title}`, async () => {
      const picture = await sharp(sample('campus.jpg')).resize(width, height).jpeg().toBuffer()
      expect((await redactor.redact(picture, { toCover: [] })).size).toEqual(expected)
    })
  }

  test('tells what was covered in pixels of the upright original, however large and turned that was', async () => {
    const portrait = sample('portrait.jpg')
    const { width, height } = await sharp(portrait).metadata()
    const usual = (await redacted(portrait)).covered
    const twice = await sharp(portrait)
      .resize(width * 3, height * 3)
      .rotate(270)
      .toBuffer()
    const turned = await sharp(twice).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const { covered, size } = await redacted(turned)
    expect(Math.max(size.width, size.height)).toBe(960)
    const [x, y] = [(usual[0]!.left + usual[0]!.right) / 2, (usual[0]!.top + usual[0]!.bottom) / 2]
    expect(covered.some(box => isIn(box, x * 3, y * 3))).toBe(true)
  })

  test('is black where the mask is', async () => {
    const picture = sample('campus.jpg')
    const mask = [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]] as const // biome-ignore format: corners
    const { jpeg, size } = await redactor.redact(picture, { toCover: [], mask })
    const { data } = await upright(jpeg, size)
    const values: number[] = []
    for (let y = 0; y < size.height / 2 - 16; y++)
      for (let x = 0; x < size.width / 2 - 16; x++) values.push(data[(y * size.width + x) * 3]!)
    expect(Math.max(...values.slice(0, 60_000))).toBeLessThan(8)
  })

  test('covers the head of a person whose face is not to be found', async () => {
    const box = { left: 100, top: 100, right: 200, bottom: 400 }
    const { covered } = await redactor.redact(sample('motorcycle.jpg'), {
      toCover: [{ kind: 'person', score: 0.9, box }],
    })
    expect(covered.some(other => isIn(other, 101, 101) && isIn(other, 199, 170))).toBe(true)
  })

  test('is the same when several are under way', async () => {
    const names = ['campus.jpg', 'car.jpg', 'portrait.jpg']
    const alone = []
    for (const name of names) alone.push(await redacted(sample(name)))
    const together = await Promise.all(names.map(name => redacted(sample(name))))
    expect(together.map(({ jpeg }) => jpeg)).toEqual(alone.map(({ jpeg }) => jpeg))
  })
})

describe('blurring', () => {
  const [width, height] = [64, 48]
  const edge = (limit: number) => fc.double({ min: -5, max: limit + 5, noNaN: true })
  const box = fc.tuple(edge(width), edge(height), edge(width), edge(height)).map(([a, b, c, d]) => ({
    left: Math.min(a, c),
    top: Math.min(b, d),
    right: Math.max(a, c),
    bottom: Math.max(b, d),
  }))

  test('changes nothing outside its box, and leaves means of the same colours inside', () => {
    fc.assert(
      fc.property(
        box,
        fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }),
        (any, data) => {
          const whole = wholePixels(clip(any, { width, height }), { width, height })
          const pixels = { width, height, data: Uint8Array.from(data) }
          blur(pixels, whole)
          const inside = new Set<number>()
          for (let y = whole.top; y < whole.bottom; y++)
            for (let x = whole.left; x < whole.right; x++) inside.add(y * width + x)
          const values = [...inside].map(at => data[at * 3]!)
          for (let at = 0; at < width * height; at++) {
            if (!inside.has(at)) expect(pixels.data[at * 3]).toBe(data[at * 3])
            else {
              expect(pixels.data[at * 3]).toBeGreaterThanOrEqual(Math.min(...values))
              expect(pixels.data[at * 3]).toBeLessThanOrEqual(Math.max(...values))
            }
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test('leaves of two pictures with the same means of their cells the same', () => {
    const fine = { width: 96, height: 96, data: new Uint8Array(96 * 96 * 3) }
    const flat = { width: 96, height: 96, data: new Uint8Array(96 * 96 * 3).fill(128) }
    // A chessboard of 4 × 4 pixels, 64 and 192: every cell of 16 × 16 pixels has the mean 128.
    for (let at = 0; at < 96 * 96; at++)
      fine.data.fill(((at % 96) >> 2) % 2 === (Math.floor(at / 96) >> 2) % 2 ? 64 : 192, at * 3, at * 3 + 3)
    const all = { left: 0, top: 0, right: 96, bottom: 96 }
    blur(fine, all)
    blur(flat, all)
    expect(fine.data).toEqual(flat.data)
  })
})
