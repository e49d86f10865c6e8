import { readFileSync } from 'node:fs'
import { assert, property, uint8Array } from 'fast-check'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { costOfJpeg, isAbsurd } from '../../gateway/tagger/jpeg-cost.ts'
import { decodeMs, WorkerTime } from '../../gateway/tagger/worker-time.ts'

const portrait = readFileSync(new URL('../../models/samples/portrait.jpg', import.meta.url))
const scansOf = (jpeg: Buffer) => costOfJpeg(jpeg).scans

/** The picture with its last scan said again and again. */
function withScans(jpeg: Buffer, count: number): Buffer {
  const last = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]))
  const end = jpeg.lastIndexOf(Buffer.from([0xff, 0xd9]))
  const more = Math.max(0, count - scansOf(jpeg))
  return Buffer.concat([
    jpeg.subarray(0, end),
    ...Array<Buffer>(more).fill(jpeg.subarray(last, end)),
    jpeg.subarray(end),
  ])
}

describe('what a picture costs to decode', () => {
  test('follows from its size and its scans', async () => {
    const { width, height } = await sharp(portrait).metadata()
    const megapixels = (width! * height!) / 1e6
    expect(costOfJpeg(await sharp(portrait).jpeg().toBuffer())).toEqual({ megapixels, scans: 1 })
    const progressive = await sharp(portrait).jpeg({ progressive: true }).toBuffer()
    expect(costOfJpeg(progressive).megapixels).toBe(megapixels)
    expect(costOfJpeg(progressive).scans).toBeGreaterThan(5)
    expect(scansOf(withScans(progressive, 500))).toBe(500)
  })

  const cases = [
    ['a usual picture', 1, 1, false],
    ['the largest that is taken, progressive', 25, 10, false],
    ['a small one of an encoder that spares bytes', 1, 20, false],
    ['a small one of 65 scans', 0.01, 65, true],
    ['the largest in 90 scans', 24, 90, true],
    ['the largest in 13 scans', 25, 13, true],
  ] as const
  test.each(cases)('of %s is absurd or not', (_, megapixels, scans, is) =>
    expect(isAbsurd({ megapixels, scans })).toBe(is),
  )

  test('is told of any bytes', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), bytes => {
        const { megapixels, scans } = costOfJpeg(Buffer.concat([portrait.subarray(0, 200), bytes]))
        expect(megapixels).toBeGreaterThanOrEqual(0)
        expect(scans).toBeLessThanOrEqual(150)
      }),
    )
  })
})

describe("a device's share of the workers' time", () => {
  test('is had once it has used three seconds, then comes back by and by', () => {
    let now = 0
    const time = new WorkerTime(() => now)
    for (let n = 0; n < 30; n++) {
      expect(time.standing('d1')).toBe('first')
      time.take('d1')
      time.putDown('d1')
    }
    expect(time.standing('d1')).toBe('first')
    time.take('d1')
    expect([time.standing('d1'), time.standing('d2'), time.behind]).toEqual(['last', 'first', 0])
    time.take('d1')
    expect([time.standing('d1'), time.behind]).toEqual(['not now', 1])
    time.putDown('d1')
    expect(time.standing('d1')).toBe('last')
    now += 1000
    expect(time.standing('d1')).toBe('last')
    now += 1000
    expect(time.standing('d1')).toBe('first')
  })

  test('is had sooner with pictures that cost more', () => {
    const time = new WorkerTime(() => 0)
    for (let n = 0; n < 7; n++) {
      expect(time.standing('d1')).toBe('first')
      time.take('d1')
      time.charge('d1', decodeMs({ megapixels: 25, scans: 12 }))
      time.putDown('d1')
    }
    expect(time.standing('d1')).toBe('last')
  })
})
