import type { Polygon } from '../config/regions.ts'
import type { Turn } from '../core/turn.ts'
import { blur } from './blur.ts'
import { type Box, type Size, wholePixels } from './box.ts'
import { burn } from './burn.ts'
import { facesToCover, platesOnRoad, platesToCover } from './cover.ts'
import type { Detection } from './detector.ts'
import { openFaceFinder } from './face-finder.ts'
import { decodeScaled, encodeJpeg, openPicture } from './picture.ts'

/** A picture that may be kept. */
export interface Redacted {
  readonly jpeg: Buffer
  /** The size of that JPEG. */
  readonly size: Size
  /** The regions that were covered, in pixels of the upright original. */
  readonly covered: readonly Box[]
  readonly totalMs: number
}

export interface RedactOptions {
  /** Detections of the eye, in pixels of the upright original. */
  readonly toCover: readonly Detection[]
  readonly mask?: readonly Polygon[]
  /** The same turn as for the eye; 0 if left out. The result is upright. */
  readonly turned?: Turn
  /** True if it shows a road, where a vehicle is to be expected. */
  readonly isRoad?: boolean
}

/** Takes out of pictures what could identify somebody. One for the life of a process. */
export interface Redactor {
  /**
   * Blackens the mask, blurs faces and plates beyond recovery, and drops all metadata. Best effort: the face of a person
   * who is not in `toCover` is found only if it is large. It takes some 20 ms, and more for each person; it blocks for
   * each look at faces. Throws PICTURE_UNREADABLE, PICTURE_TOO_LARGE or MODEL_OUTPUT_INVALID.
   */
  redact(picture: Uint8Array, options: RedactOptions): Promise<Redacted>
  close(): Promise<void>
}

export interface RedactorOptions {
  /** Longer edge of the result in pixels; 960 by default. */
  readonly maxEdge?: number
  /** Threads for one inference; 1 by default. */
  readonly threads?: number
}

const quality = 80

export async function openRedactor({ maxEdge = 960, ...options }: RedactorOptions = {}): Promise<Redactor> {
  const finder = await openFaceFinder(undefined, options)
  return {
    async redact(picture, { toCover, mask = [], turned, isRoad = false }) {
      const started = performance.now()
      const original = await openPicture(picture, turned)
      const pixels = await decodeScaled(original, maxEdge)
      const size = { width: pixels.width, height: pixels.height }
      burn(pixels, mask)
      const scaled = toCover.map(({ kind, box }) => ({ kind, box: scale(box, original, size) }))
      const persons = scaled.filter(({ kind }) => kind === 'person').map(({ box }) => box)
      const found = await finder.find(pixels, persons)
      const plates = isRoad ? platesOnRoad(size, scaled) : platesToCover(scaled)
      const boxes = [...facesToCover(size, found.persons, found.faces), ...plates]
      const covered = boxes.map(box => wholePixels(box, size))
      for (const box of covered) blur(pixels, box)
      return {
        jpeg: await encodeJpeg(pixels, quality),
        size,
        covered: covered.map(box => scale(box, size, original)),
        totalMs: performance.now() - started,
      }
    },
    close: () => finder.close(),
  }
}

function scale({ left, top, right, bottom }: Box, from: Size, to: Size): Box {
  const x = to.width / from.width
  const y = to.height / from.height
  return { left: left * x, top: top * y, right: right * x, bottom: bottom * y }
}
