import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import type { ErrorCode } from '../../core/errors.ts'

/** A picture that comes with Lintel. */
export const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../models/samples/${name}`, import.meta.url))

const usual = sample('motorcycle.jpg')

export interface Odd {
  readonly title: string
  readonly bytes: () => Promise<Buffer> | Buffer
}

/** `motorcycle.jpg`, 720 × 486, as other cameras and programs would write it. */
export const otherKinds: readonly Odd[] = [
  { title: 'a PNG', bytes: () => sharp(usual).png().toBuffer() },
  { title: 'a progressive JPEG', bytes: () => sharp(usual).jpeg({ progressive: true }).toBuffer() },
  { title: 'a CMYK JPEG', bytes: () => sharp(usual).toColourspace('cmyk').jpeg().toBuffer() },
  { title: 'a grey JPEG', bytes: () => sharp(usual).greyscale().jpeg().toBuffer() },
  { title: 'a PNG of 16 bits', bytes: () => sharp(usual).toColourspace('rgb16').png().toBuffer() },
  { title: 'a PNG with transparency', bytes: () => sharp(usual).ensureAlpha(1).png().toBuffer() },
  { title: 'a PNG with a palette', bytes: () => sharp(usual).png({ palette: true }).toBuffer() },
  { title: 'a JPEG whose scan says that it ends with its first coefficient', bytes: () => withShortScan() },
  {
    title: 'turned by EXIF',
    bytes: () => sharp(usual).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  },
]

/** What cannot be used, and the code that says so. */
export const unusable: readonly (Odd & { readonly code: ErrorCode })[] = [
  { title: 'no bytes', bytes: () => Buffer.alloc(0), code: 'PICTURE_UNREADABLE' },
  { title: 'text', bytes: () => Buffer.from('this is a text file named .jpg'), code: 'PICTURE_UNREADABLE' },
  { title: 'half a JPEG', bytes: () => usual.subarray(0, usual.length / 2), code: 'PICTURE_UNREADABLE' },
  { title: 'a head without a body', bytes: () => usual.subarray(0, 20), code: 'PICTURE_UNREADABLE' },
  {
    title: 'a PNG of 16,000 × 16,000 in a small file',
    bytes: () => blackPng(16_000),
    code: 'PICTURE_TOO_LARGE',
  },
  {
    title: 'a JPEG that says it has 16,000 × 16,000',
    bytes: () => claiming(16_000, 16_000),
    code: 'PICTURE_TOO_LARGE',
  },
  {
    title: 'SVG',
    bytes: () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    code: 'PICTURE_UNREADABLE',
  },
  { title: 'GIF', bytes: () => sharp(usual).gif().toBuffer(), code: 'PICTURE_UNREADABLE' },
  { title: 'TIFF', bytes: () => sharp(usual).tiff().toBuffer(), code: 'PICTURE_UNREADABLE' },
  { title: 'WebP', bytes: () => sharp(usual).webp().toBuffer(), code: 'PICTURE_UNREADABLE' },
]

/** Ten megabytes of EXIF in front of the picture. */
export function stuffed(): Buffer {
  const segment = Buffer.alloc(65_537)
  segment.set([0xff, 0xe1, 0xff, 0xff])
  return Buffer.concat([usual.subarray(0, 2), ...Array<Buffer>(160).fill(segment), usual.subarray(2)])
}

export const onePixel = (): Promise<Buffer> => sharp(usual).resize(1, 1).jpeg().toBuffer()

async function withShortScan(): Promise<Buffer> {
  const bytes = await sharp(usual).jpeg().toBuffer()
  const scan = bytes.indexOf(Buffer.from([0xff, 0xda]))
  // The last but one byte of the header: the last coefficient, 63.
  const at = scan + 2 + bytes.readUInt16BE(scan + 2) - 2
  bytes[at] = 0
  return bytes
}

/** A JPEG whose frame header says another size than it has. */
async function claiming(width: number, height: number): Promise<Buffer> {
  const bytes = await sharp(usual).jpeg().toBuffer()
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  bytes.writeUInt16BE(height, frame + 5)
  bytes.writeUInt16BE(width, frame + 7)
  return bytes
}

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
