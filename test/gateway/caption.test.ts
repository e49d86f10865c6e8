import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { captionOf, plainJpeg, withCaption } from '../../gateway/snapshots/caption.ts'
import { decodePicture, openPicture } from '../../models/picture.ts'
import { samplePicture } from '../support/pictures.ts'

const sighting = {
  outcome: 'seen' as const,
  model: 'm1',
  person: 1,
  boxes: [{ kind: 'person' as const, score: 0.5, left: 1, top: 2, right: 3, bottom: 4 }],
}

/** A marker segment with a text. */
function segment(marker: number, text: string): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  const body = Buffer.from(text)
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

describe('the caption of a picture', () => {
  test('is read back, and changes no pixel', async () => {
    const jpeg = await samplePicture('car')
    const captioned = withCaption(jpeg, sighting)
    expect(captionOf(captioned)).toEqual(sighting)
    const [before, after] = await Promise.all(
      [jpeg, captioned].map(async one => decodePicture(await openPicture(one))),
    )
    expect(Buffer.compare(before!.data, after!.data)).toBe(0)
  })

  test('of 64 boxes fits', async () => {
    const box = {
      kind: 'motorcycle' as const,
      score: 0.55,
      left: 65_535,
      top: 65_535,
      right: 65_535,
      bottom: 65_535,
    }
    const many = { ...sighting, boxes: Array(64).fill(box) }
    expect(captionOf(withCaption(await samplePicture('car'), many))).toEqual(many)
  })

  const none = [
    { title: 'a picture without one', jpeg: (jpeg: Buffer) => jpeg },
    { title: "somebody else's comment", jpeg: (jpeg: Buffer) => insert(jpeg, segment(0xfe, 'made by hand')) },
    { title: 'one that is no JSON', jpeg: (jpeg: Buffer) => insert(jpeg, segment(0xfe, 'lintel:{')) },
    { title: 'one that is no sighting', jpeg: (jpeg: Buffer) => insert(jpeg, segment(0xfe, 'lintel:{"outcome":"guessed"}')) },
    { title: 'a picture that ends early', jpeg: (jpeg: Buffer) => withCaption(jpeg, sighting).subarray(0, 30) },
    { title: 'nothing', jpeg: () => Buffer.alloc(0) },
  ] // biome-ignore format: a table
  const insert = (jpeg: Buffer, part: Buffer) => Buffer.concat([jpeg.subarray(0, 2), part, jpeg.subarray(2)])
  for (const { title, jpeg } of none) {
    test(`is none in ${title}`, async () =>
      expect(captionOf(jpeg(await samplePicture('car')))).toBeUndefined())
  }

  test('and every other comment and metadata are left behind where only the picture is wanted', async () => {
    const jpeg = await samplePicture('car')
    const laden = insert(
      insert(withCaption(jpeg, sighting), segment(0xe1, 'Exif  GPS 粤')),
      segment(0xed, 'Photoshop'),
    )
    const plain = plainJpeg(laden)
    expect(captionOf(plain)).toBeUndefined()
    for (const text of ['Exif', 'Photoshop', 'lintel']) expect(plain.includes(text)).toBe(false)
    expect((await openPicture(plain)).width).toBe((await openPicture(jpeg)).width)
    expect(plainJpeg(plain)).toEqual(plain)
  })

  const hidden = [
    ['in a JFXX thumbnail', (jpeg: Buffer) => insert(jpeg, segment(0xe0, 'JFXX\0\u0010FACE'))],
    ['in a thumbnail of JFIF', (jpeg: Buffer) => insert(jpeg, segment(0xe0, 'JFIF\0\u0001\u0001\0\0\u0001\0\u0001\u0001\u0001FACE'))],
    ['behind the word of Adobe', (jpeg: Buffer) => insert(jpeg, segment(0xee, 'Adobe\0d\0\0\0\0\u0001FACE'))],
    ['in another APP14', (jpeg: Buffer) => insert(jpeg, segment(0xee, 'FACE'))],
    ['in APP1', (jpeg: Buffer) => insert(jpeg, segment(0xe1, 'FACE'))],
    ['in APP15', (jpeg: Buffer) => insert(jpeg, segment(0xef, 'FACE'))],
    ['in a comment behind filling', (jpeg: Buffer) => insert(jpeg, Buffer.concat([Buffer.from([0xff, 0xff]), segment(0xfe, 'FACE')]))],
    ['behind the end of the image', (jpeg: Buffer) => Buffer.concat([jpeg, Buffer.from('FACE 13912345678')])],
    ['in a second picture', (jpeg: Buffer) => Buffer.concat([jpeg, insert(jpeg, segment(0xfe, 'FACE'))])],
    ['between two scans', (jpeg: Buffer) => insert(jpeg, segment(0xec, 'FACE'))],
  ] as const // biome-ignore format: a table
  test.each(hidden)('leaves behind what is %s, and no pixel', async (_, hide) => {
    for (const name of ['car', 'portrait'] as const) {
      const jpeg = await samplePicture(name)
      const plain = plainJpeg(hide(jpeg))
      expect(plain.includes('FACE')).toBe(false)
      const [before, after] = await Promise.all(
        [jpeg, plain].map(async one => decodePicture(await openPicture(one))),
      )
      expect(Buffer.compare(before!.data, after!.data)).toBe(0)
    }
  })

  test('is read through for pictures of several scans, and ends where the bytes do', async () => {
    const progressive = await sharp(await samplePicture('car'))
      .jpeg({ progressive: true })
      .toBuffer()
    const plain = plainJpeg(Buffer.concat([progressive, Buffer.from('FACE')]))
    const [before, after] = await Promise.all(
      [progressive, plain].map(async one => decodePicture(await openPicture(one))),
    )
    expect(Buffer.compare(before!.data, after!.data)).toBe(0)
    for (let length = 0; length < 700; length++) plainJpeg(progressive.subarray(0, length))
  })
})
