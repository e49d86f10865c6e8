import type { DataOf } from '../../devices/contract/kinds.ts'
import { onlyContract } from '../../devices/contract/record.ts'
import { keptSighting } from '../../devices/contract/validate.ts'

/**
 * The sighting of a picture, as a comment in its JPEG: it stays with the picture, also at the centre or in an export, and
 * every viewer passes over it. A COM segment (ITU-T T.81, B.2.4.5): FF FE, u16 BE length of itself and the text.
 */
const prefix = 'lintel:'
const startOfImage = 2
const comment = 0xfe
const startOfScan = 0xda

export function withCaption(jpeg: Buffer, sighting: DataOf<'sighting'>): Buffer {
  const text = Buffer.from(prefix + JSON.stringify(sighting))
  const head = Buffer.from([0xff, comment, 0, 0])
  head.writeUInt16BE(text.length + 2, 2)
  return Buffer.concat([jpeg.subarray(0, startOfImage), head, text, jpeg.subarray(startOfImage)])
}

/** Undefined if there is none, or if it is not one of ours. Whoever wrote it, the result has only members of the contract. */
export function captionOf(jpeg: Buffer): DataOf<'sighting'> | undefined {
  for (let at = startOfImage; at + 4 <= jpeg.length && jpeg[at] === 0xff; ) {
    const marker = jpeg[at + 1]!
    if (marker === startOfScan) return undefined
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    if (marker === comment) {
      const text = jpeg.toString('utf8', at + 4, end)
      if (text.startsWith(prefix)) return parse(text.slice(prefix.length))
    }
    at = end
  }
  return undefined
}

const place = { id: 0, device: '', site: '', building: '', point: '', zone: '' }
const bare = { kind: 'sighting', at: 0, receivedAt: 0, late: false, skewed: false, place } as const

function parse(text: string): DataOf<'sighting'> | undefined {
  try {
    const data = keptSighting(JSON.parse(text))
    return data === undefined ? undefined : onlyContract({ ...bare, data }).data
  } catch {
    return undefined
  }
}

const endOfImage = 0xd9
const app0 = 0xe0
const app14 = 0xee
const lastApp = 0xef
/** A JFIF head without a thumbnail: version, densities of 1, no pixels. */
const jfifHead = Buffer.from([0xff, app0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0])
const adobeBytes = 16

/**
 * The picture alone, whoever wrote it: only what a decoder needs. Of the APPn segments it keeps Adobe's information on
 * the colours, and replaces a JFIF head by one of ours. It keeps no comment, no thumbnail, and nothing behind the end of
 * the image.
 */
export function plainJpeg(jpeg: Buffer): Buffer {
  const parts = [jpeg.subarray(0, startOfImage)]
  let at = startOfImage
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1]!
    if (marker === endOfImage) break
    // Any number of fill bytes FF may precede a marker.
    if (marker === 0xff) {
      at++
      continue
    }
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    parts.push(...keptOf(marker, jpeg.subarray(at, end)))
    at = end
    if (marker !== startOfScan) continue
    const scan = endOfScan(jpeg, at)
    parts.push(jpeg.subarray(at, scan))
    at = scan
  }
  parts.push(Buffer.from([0xff, endOfImage]))
  return Buffer.concat(parts)
}

function keptOf(marker: number, segment: Buffer): Buffer[] {
  const begins = (text: string) => segment.toString('latin1', 4, 4 + text.length) === text
  if (marker === app0) return begins('JFIF\0') ? [jfifHead] : []
  if (marker === app14) return begins('Adobe') && segment.length === adobeBytes ? [segment] : []
  return marker === comment || (marker > app0 && marker <= lastApp) ? [] : [segment]
}

/** The position of the next marker: within a scan, FF is followed by 00 or by the number of a restart. */
function endOfScan(jpeg: Buffer, from: number): number {
  for (let at = jpeg.indexOf(0xff, from); at >= 0 && at + 1 < jpeg.length; at = jpeg.indexOf(0xff, at + 1)) {
    const next = jpeg[at + 1]!
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
  }
  return jpeg.length
}
