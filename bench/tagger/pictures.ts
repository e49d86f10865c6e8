import { readFile } from 'node:fs/promises'
import sharp from 'sharp'

/** 1280 × 720, as a checkpoint's camera gives them: a campus with ten people, a car, a motorcycle, a portrait. */
export async function benchPictures(): Promise<Buffer[]> {
  const names = ['campus', 'car', 'motorcycle', 'portrait']
  return Promise.all(
    names.map(async name => {
      const bytes = await readFile(new URL(`../../models/samples/${name}.jpg`, import.meta.url))
      return sharp(bytes).resize(1280, 720, { fit: 'cover' }).jpeg({ quality: 85 }).toBuffer()
    }),
  )
}
