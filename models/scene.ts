import type { Cells } from './cells.ts'

/**
 * A scene: the mean of each cell, then the grain of each cell, row by row. Two looks at the same frame, however it was
 * encoded, agree in both; two frames of the same place agree in the means alone, since each has noise of its own.
 */
const meanUnit = 1 / 256
const grainUnit = 1 / 16
const grainZero = 2 ** 15

/** Means that differ by more have changed: encoding moves 92 % of them by less than 0.5. */
const changedMean = 1
/**
 * More changed cells than this are another scene: the digits of a clock change up to 5 % of the cells, anybody who walks
 * by changes more.
 */
const changedShare = 0.08
/**
 * Encoding changes little where the scene is flat, so the quieter third of the cells decides. At 640, 1280 and 1920
 * pixels alike, that percentile is: for noise of 3 of 255 at least 1.6, of 2 at least 1.1, of 1 from 0.6 to 1.3; for the
 * same frame encoded with quality 85 at most 1.1, with a median of 0.6 to 0.8; with another time 0.
 */
const quietPart = 0.3
const grainOfNoise = 1
/** Noise does not show on a pixel that cannot get darker or brighter. */
const clipped = { below: 10, above: 245 }

export function toScene({ mean, grain, masked, scale }: Cells): Uint16Array {
  const count = mean.length
  const scene = new Uint16Array(2 * count)
  for (let cell = 0; cell < count; cell++) {
    const visible = masked[cell] === 0
    scene[cell] = visible ? mean[cell]! / meanUnit : 0
    // The grain as strong as in the picture itself: making it smaller took noise away by the same factor.
    const original = visible ? grain[cell]! / scale / grainUnit : 0
    scene[count + cell] = grainZero + Math.round(Math.min(Math.max(original, 1 - grainZero), grainZero - 1))
  }
  return scene
}

/** True if both show one and the same frame. Scenes of different sizes never do, nor scenes that are all masked. */
export function isSameScene(a: Uint16Array, b: Uint16Array): boolean {
  if (a.length !== b.length || a.length === 0) return false
  const count = a.length / 2
  const grains: number[] = []
  let [visible, changed] = [0, 0]
  for (let cell = 0; cell < count; cell++) {
    // Masked, or just as black.
    if (a[cell] === 0 && b[cell] === 0) continue
    visible++
    const mean = a[cell]! * meanUnit
    if (Math.abs(mean - b[cell]! * meanUnit) > changedMean) changed++
    if (mean < clipped.below || mean > clipped.above) continue
    grains.push(Math.abs(a[count + cell]! - b[count + cell]!) * grainUnit)
  }
  if (changed > changedShare * visible) return false
  const quiet = grains.sort((x, y) => x - y)[Math.floor(grains.length * quietPart)]
  return quiet !== undefined && quiet < grainOfNoise
}

export function toText(scene: Uint16Array): string {
  return Buffer.from(scene.buffer, scene.byteOffset, scene.byteLength).toString('base64')
}

export function fromText(text: string): Uint16Array {
  const bytes = Buffer.from(text, 'base64')
  return new Uint16Array(Uint8Array.from(bytes.subarray(0, bytes.length & ~1)).buffer)
}
