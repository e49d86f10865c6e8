/** The cost of decoding a JPEG, by its headers: libjpeg goes through the whole picture for each scan. */
export interface JpegCost {
  readonly megapixels: number
  readonly scans: number
}

/** A progressive JPEG has some 10 scans; encoders that spare bytes make some 20. */
const maxScans = 64
/** 25 million pixels in 12 scans. */
const maxMegapixelScans = 300

/** True if decoding it would hold up other pictures for seconds. */
export const isAbsurd = ({ megapixels, scans }: JpegCost): boolean =>
  scans > maxScans || megapixels * scans > maxMegapixelScans

const startOfScan = 0xda
const endOfImage = 0xd9
/** SOF0 to SOF15, without DHT, JPG and DAC, which lie among them. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
/** TEM and RST0 to RST7 have no length. */
const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)

/** Reads only the markers. For data that is no JPEG it returns what it has found until then. */
export function costOfJpeg(jpeg: Uint8Array): JpegCost {
  let megapixels = 0
  let scans = 0
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  for (let at = bytes.indexOf(0xff, 2); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === endOfImage) break
    at += 2
    // FF 00 is no marker but a byte of a scan.
    if (marker === 0 || isBare(marker)) continue
    if (marker === startOfScan) scans++
    if (at + 2 > bytes.length) break
    if (isFrame(marker) && at + 7 <= bytes.length) {
      const pixels = bytes.readUInt16BE(at + 3) * bytes.readUInt16BE(at + 5)
      megapixels = Math.max(megapixels, pixels / 1e6)
    }
    at += Math.max(2, bytes.readUInt16BE(at))
  }
  return { megapixels, scans }
}
