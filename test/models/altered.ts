import sharp from 'sharp'
import { seededRandom } from '../support/random.ts'

type Picture = Buffer | Uint8Array

const channels = 3

async function changed(picture: Picture, change: (value: number, index: number) => number): Promise<Buffer> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  for (let index = 0; index < data.length; index++)
    data[index] = Math.min(255, Math.max(0, change(data[index]!, index)))
  return sharp(data, { raw: { width: info.width, height: info.height, channels } })
    .jpeg({ quality: 85 })
    .toBuffer()
}

function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Another amount of light, and the noise of a sensor. */
export function lit(picture: Picture, gain: number, offset = 0): Promise<Buffer> {
  const noise = gaussian(1)
  return changed(picture, value => value * gain + offset + noise() * 1.5)
}

/** As the same camera would see the same place again: brightness with a deviation of `sigma` of 255. */
export function noisy(picture: Picture, sigma: number, seed: number): Promise<Buffer> {
  const noise = gaussian(seed)
  let ofPixel = 0
  return changed(picture, (value, index) => {
    if (index % channels === 0) ofPixel = noise() * sigma
    return Math.round(value + ofPixel)
  })
}

/** Out of focus by a part of the picture's width. */
export async function defocused(picture: Picture, part: number): Promise<Buffer> {
  const { width } = await sharp(picture).metadata()
  return noisy(
    await sharp(picture)
      .blur(part * width)
      .png()
      .toBuffer(),
    1.5,
    2,
  )
}

export const reencoded = (picture: Picture, quality: number): Promise<Buffer> =>
  sharp(picture).jpeg({ quality }).toBuffer()

/** A time in the corner, as cameras write it: a dark bar with bright bars for its digits. */
export async function stamped(picture: Picture, time: number): Promise<Buffer> {
  const { width, height } = await sharp(picture).metadata()
  const bar = { width: Math.round(width * 0.36), height: Math.round(height * 0.05) }
  const data = Buffer.alloc(bar.width * bar.height * channels)
  const random = seededRandom(time)
  for (let x = 4; x < bar.width - 4; x += 3) {
    if (random() < 0.4) continue
    for (let y = 4; y < bar.height - 4; y++)
      data.fill(255, (y * bar.width + x) * channels, (y * bar.width + x + 2) * channels)
  }
  const overlay = await sharp(data, { raw: { ...bar, channels } })
    .png()
    .toBuffer()
  return sharp(picture)
    .composite([{ input: overlay, left: width - bar.width - 6, top: 6 }])
    .jpeg({ quality: 85 })
    .toBuffer()
}

/** Something flat before the lens: a colour that falls off to one side. */
export async function covered(
  [red, green, blue]: readonly [number, number, number],
  slope: number,
): Promise<Buffer> {
  const [width, height] = [1280, 720]
  const noise = gaussian(3)
  const data = Buffer.alloc(width * height * channels)
  for (let at = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = 1 + slope * (x / width - 0.5 + y / height - 0.5)
      for (const colour of [red, green, blue])
        data[at++] = Math.min(255, Math.max(0, colour * light + noise() * 2))
    }
  }
  return sharp(data, { raw: { width, height, channels } }).jpeg({ quality: 85 }).toBuffer()
}
