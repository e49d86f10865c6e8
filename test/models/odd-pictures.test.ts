import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOf } from '../../core/errors.ts'
import { type Eye, openEye } from '../../models/eye.ts'
import { openRedactor, type Redactor } from '../../models/redactor.ts'
import { onePixel, otherKinds, stuffed, unusable } from './odd-pictures.ts'

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

// For what hangs; how long a picture takes is for a bench.
const maxMs = 30_000
const maxBytes = 100e6

/** What came of it, without hanging and without taking more memory than a picture may. */
async function inBounds<T>(work: () => Promise<T>): Promise<T | string> {
  const peakBefore = process.resourceUsage().maxRSS * 1024
  const started = performance.now()
  const result = await work().catch((error: unknown) => codeOf(error) ?? String(error))
  expect(performance.now() - started).toBeLessThan(maxMs)
  expect(process.resourceUsage().maxRSS * 1024 - peakBefore).toBeLessThan(maxBytes)
  return result
}

describe('a picture that cannot be used is refused at once', () => {
  for (const { title, bytes, code } of unusable) {
    test(title, async () => {
      const picture = await bytes()
      expect(await inBounds(() => eye.look(picture))).toBe(code)
      expect(await inBounds(() => redactor.redact(picture, { toCover: [] }))).toBe(code)
    })
  }
})

describe('a picture of another kind is looked at and redacted', () => {
  for (const { title, bytes } of otherKinds) {
    test(title, async () => {
      const picture = await bytes()
      const look = await inBounds(() => eye.look(picture))
      if (typeof look === 'string') throw new Error(look)
      expect(look.detections[0]?.kind).toBe('motorcycle')
      expect(look.camera.faults).toEqual([])
      const redacted = await inBounds(() => redactor.redact(picture, look))
      expect(redacted).toMatchObject({ size: { width: 720, height: 486 } })
    })
  }

  test('ten megabytes of EXIF do no harm', async () => {
    const picture = stuffed()
    const look = await inBounds(() => eye.look(picture))
    const redacted = await inBounds(() => redactor.redact(picture, { toCover: [] }))
    if (typeof look === 'string')
      expect([look, redacted]).toEqual(['PICTURE_UNREADABLE', 'PICTURE_UNREADABLE'])
    else expect(redacted).toMatchObject({ size: { width: 720, height: 486 } })
  })

  test('a single pixel, with nothing on it', async () => {
    const picture = await onePixel()
    expect(await inBounds(() => eye.look(picture))).toMatchObject({ toCover: [] })
    expect(await inBounds(() => redactor.redact(picture, { toCover: [] }))).toMatchObject({
      size: { width: 1, height: 1 },
    })
  })
})
