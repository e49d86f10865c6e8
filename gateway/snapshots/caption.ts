import type { DataOf } from '../../devices/contract/kinds.ts'
import { onlyContract } from '../../devices/contract/record.ts'
import { keptSighting } from '../../devices/contract/validate.ts'

/**
 * What was seen on a picture, as a comment in its JPEG: it stays with the picture wherever that goes, to the
 * centre or into an export, and every viewer passes over it. A COM segment (ITU-T T.81, B.2.4.5): FF FE, u16 BE
 * length of itself and the text.
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

/** Undefined where there is none, or it is not one of ours. Whoever wrote it: only what the contract knows. */
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

const bare = { kind: 'sighting', at: 0, receivedAt: 0, late: false, skewed: false, place: 0 } as const

function parse(text: string): DataOf<'sighting'> | undefined {
  try {
    const data = keptSighting(JSON.parse(text))
    return data === undefined ? undefined : onlyContract({ ...bare, data }).data
  } catch {
    return undefined
  }
}

/**
 * The picture without comments and metadata (APP1 to APP13, APP15), whoever wrote them. JFIF and Adobe's
 * segment stay: they say how to read the colours.
 */
export function plainJpeg(jpeg: Buffer): Buffer {
  const parts = [jpeg.subarray(0, startOfImage)]
  let at = startOfImage
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff && jpeg[at + 1] !== startOfScan) {
    const marker = jpeg[at + 1]!
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    const isMetadata = marker === comment || (marker >= 0xe1 && marker <= 0xef && marker !== 0xee)
    if (!isMetadata) parts.push(jpeg.subarray(at, end))
    at = end
  }
  parts.push(jpeg.subarray(at))
  return Buffer.concat(parts)
}
