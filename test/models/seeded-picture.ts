import { seededRandom } from '../support/random.ts'

/** A picture from a seed: noise, or squares of one colour, which excite a network far more. RGB, row by row. */
export function seededPicture(
  kind: 'noise' | 'squares',
  seed: number,
  width: number,
  height: number,
): Uint8Array {
  const random = seededRandom(seed)
  if (kind === 'noise') return Uint8Array.from({ length: width * height * 3 }, () => random() * 256)
  const side = 32
  const columns = Math.ceil(width / side)
  const colours = Uint8Array.from({ length: columns * Math.ceil(height / side) * 3 }, () => random() * 256)
  return Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3)
    const square = Math.floor(Math.floor(pixel / width) / side) * columns + Math.floor((pixel % width) / side)
    return colours[square * 3 + (index % 3)]!
  })
}

/** What was recorded of TensorFlow.js: every `step`-th row of each output. */
export const recordings = [
  { model: 'nanodet-g', kind: 'noise', seed: 1, width: 416, height: 416, step: 59 },
  { model: 'nanodet-g', kind: 'squares', seed: 2, width: 512, height: 288, step: 59 },
  { model: 'nanodet-g', kind: 'squares', seed: 3, width: 384, height: 512, step: 59 },
  { model: 'blazeface-back', kind: 'noise', seed: 4, width: 256, height: 256, step: 7 },
  { model: 'blazeface-back', kind: 'squares', seed: 5, width: 256, height: 256, step: 7 },
] as const

export type Recording = (typeof recordings)[number]

export function recordingName({ model, kind, width, height }: Recording): string {
  return `${model}-${kind}-${width}x${height}`
}

export function everyRow(data: Float32Array, columns: number, step: number): Float32Array {
  const rows = Array.from({ length: Math.ceil(data.length / columns / step) }, (_, row) => row * step)
  return Float32Array.from(rows.flatMap(row => Array.from(data.subarray(row * columns, (row + 1) * columns))))
}
