import sharp, { type Sharp } from 'sharp'
import { LintelError, messageOf } from '../core/errors.ts'
import { isSideways, type Turn } from '../core/turn.ts'
import type { Box, Size } from './box.ts'
import type { Placement } from './placement.ts'

/**
 * Pictures come from cameras that anybody may have tampered with: only two of libvips' many loaders may run, nothing is
 * kept between pictures, and a small file may not become a huge picture.
 */
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng'] })
sharp.cache(false)

const maxPixels = 25_000_000
const secondsPerPicture = 5
const channels = 3

/** A JPEG or PNG. Its size is that of the upright picture: turned as EXIF says, then by `turned`. */
export interface PictureFile extends Size {
  readonly bytes: Uint8Array
  readonly turned: Turn
}

/** Upright RGB pixels, row by row. */
export interface Pixels extends Size {
  readonly data: Uint8Array
}

/**
 * Reads only the header. `turned` is the degrees clockwise that turn the picture upright. Throws PICTURE_UNREADABLE or
 * PICTURE_TOO_LARGE.
 */
export async function openPicture(bytes: Uint8Array, turned: Turn = 0): Promise<PictureFile> {
  const { width, height } = (await guarded(() => load(bytes).metadata())).autoOrient
  return isSideways(turned)
    ? { bytes, turned, width: height, height: width }
    : { bytes, turned, width, height }
}

/** Decodes a picture into a model's input; a JPEG is shrunk while it is decoded. */
export function decodeInto(file: PictureFile, placement: Placement, fill: number): Promise<Uint8Array> {
  return guarded(() => rgb(fitted(load(file.bytes).autoOrient(), placement, fill, file.turned)))
}

/** Decodes the whole picture, for whoever needs it more than once. */
export async function decodePicture({ bytes, turned, width, height }: PictureFile): Promise<Pixels> {
  return { width, height, data: await guarded(() => rgb(load(bytes).autoOrient().rotate(turned))) }
}

/** Decodes the whole picture with at most `maxEdge` pixels on its longer edge; never enlarges it. */
export async function decodeScaled({ bytes, turned }: PictureFile, maxEdge: number): Promise<Pixels> {
  const { data, info } = await guarded(() =>
    raw(
      load(bytes)
        .autoOrient()
        .resize(maxEdge, maxEdge, { fit: 'inside', withoutEnlargement: true })
        .rotate(turned),
    ).toBuffer({ resolveWithObject: true }),
  )
  return { data, width: info.width, height: info.height }
}

/**
 * Encodes pixels as a JPEG with nothing else: no EXIF, no colour profile, no thumbnail. It makes no Huffman tables of its
 * own, which take as long as the rest and save a twentieth of the bytes.
 */
export function encodeJpeg({ data, width, height }: Pixels, quality: number): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels } }).jpeg({ quality, optimiseCoding: false }).toBuffer()
}

/** Fits a part of decoded pixels, in whole pixels, into a model's input. */
export function cropInto(
  { data, width, height }: Pixels,
  { left, top, right, bottom }: Box,
  placement: Placement,
  fill: number,
): Promise<Uint8Array> {
  const raw = sharp(data, { raw: { width, height, channels } })
  const crop = raw.extract({ left, top, width: right - left, height: bottom - top })
  return guarded(() => rgb(fitted(crop, placement, fill)))
}

/**
 * A decoder's warning, as of stray bytes before a marker, is no error: cameras write such files, and every viewer shows
 * them. A picture that is cut off is refused.
 */
function load(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true }).timeout({
    seconds: secondsPerPicture,
  })
}

/** Turns the picture after it was made small: a JPEG is shrunk while it is decoded only if nothing comes before. */
function fitted(image: Sharp, { input, inner, left, top }: Placement, fill: number, turned: Turn = 0): Sharp {
  const [width, height] = isSideways(turned) ? [inner.height, inner.width] : [inner.width, inner.height]
  return image
    .resize(width, height, { fit: 'fill' })
    .rotate(turned)
    .extend({
      left,
      top,
      right: input.width - inner.width - left,
      bottom: input.height - inner.height - top,
      background: { r: fill, g: fill, b: fill },
    })
}

/** Three bytes a pixel for any input: grey, CMYK, with transparency or 16 bits. */
function raw(image: Sharp): Sharp {
  return image.flatten().toColourspace('srgb').raw({ depth: 'uchar' })
}

const rgb = (image: Sharp) => raw(image).toBuffer()

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const reason = messageOf(error).split('\n')[0]!
    throw new LintelError(
      /pixel limit/.test(reason) ? 'PICTURE_TOO_LARGE' : 'PICTURE_UNREADABLE',
      `the picture cannot be used: ${reason}`,
      { cause: error },
    )
  }
}
