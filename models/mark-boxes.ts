import type { ObjectKind } from '../core/words.ts'
import { type Box, type Size, wholePixels } from './box.ts'
import { decodePicture, encodeJpeg, openPicture, type Pixels } from './picture.ts'

/** A colour that is easily told from the others, and its name for whoever reads a table beside the picture. */
export interface Colour {
  readonly name: string
  readonly rgb: readonly [number, number, number]
}

const colours: Record<ObjectKind, Colour> = {
  person: { name: 'green', rgb: [40, 220, 80] },
  bicycle: { name: 'cyan', rgb: [40, 220, 230] },
  motorcycle: { name: 'orange', rgb: [255, 150, 30] },
  car: { name: 'blue', rgb: [60, 120, 255] },
  bus: { name: 'violet', rgb: [170, 90, 255] },
  truck: { name: 'pink', rgb: [255, 90, 190] },
  dog: { name: 'yellow', rgb: [250, 230, 50] },
  suitcase: { name: 'white', rgb: [250, 250, 250] },
}

export const colourOf = (kind: ObjectKind): Colour => colours[kind]

export interface Marked {
  readonly kind: ObjectKind
  readonly box: Box
}

const quality = 90
const channels = 3

/**
 * Returns a JPEG with a frame around each thing. `boxes`, surest first, are in pixels of a picture of size `of`, whatever
 * size this one has.
 */
export async function markBoxes(jpeg: Uint8Array, boxes: readonly Marked[], of: Size): Promise<Buffer> {
  const pixels = await decodePicture(await openPicture(jpeg))
  const x = pixels.width / of.width
  const y = pixels.height / of.height
  const thickness = Math.max(2, Math.round(Math.max(pixels.width, pixels.height) / 400))
  // Draws the surest last, so that it lies on top.
  for (const { kind, box } of boxes.toReversed()) {
    const scaled = { left: box.left * x, top: box.top * y, right: box.right * x, bottom: box.bottom * y }
    frame(pixels, wholePixels(scaled, pixels), thickness, colours[kind].rgb)
  }
  return encodeJpeg(pixels, quality)
}

function frame(pixels: Pixels, box: Box, thickness: number, rgb: Colour['rgb']): void {
  const { left, top, right, bottom } = box
  fill(pixels, { ...box, bottom: Math.min(bottom, top + thickness) }, rgb)
  fill(pixels, { ...box, top: Math.max(top, bottom - thickness) }, rgb)
  fill(pixels, { ...box, right: Math.min(right, left + thickness) }, rgb)
  fill(pixels, { ...box, left: Math.max(left, right - thickness) }, rgb)
}

function fill({ data, width }: Pixels, { left, top, right, bottom }: Box, rgb: Colour['rgb']): void {
  for (let row = top; row < bottom; row++) {
    const end = (row * width + right) * channels
    for (let at = (row * width + left) * channels; at < end; at += channels) data.set(rgb, at)
  }
}
