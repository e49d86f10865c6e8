import { Tensor } from 'onnxruntime-node'
import type { Size } from './box.ts'
import type { Manifest } from './manifest.ts'

/** Turns RGB pixels, row by row, into the input that the manifest describes. */
export function toTensor(pixels: Uint8Array, { width, height }: Size, input: Manifest['input']): Tensor {
  const shape = input.layout === 'nhwc' ? [1, height, width, 3] : [1, 3, height, width]
  if (isPlain(input)) return new Tensor('uint8', pixels, shape)
  const values = input.type === 'uint8' ? new Uint8Array(pixels.length) : new Float32Array(pixels.length)
  const area = width * height
  for (let channel = 0; channel < 3; channel++) {
    const from = input.channels === 'rgb' ? channel : 2 - channel
    const mean = input.mean[channel]!
    const std = input.std[channel]!
    for (let pixel = 0; pixel < area; pixel++) {
      const to = input.layout === 'nhwc' ? pixel * 3 + channel : channel * area + pixel
      values[to] = (pixels[pixel * 3 + from]! - mean) / std
    }
  }
  return values instanceof Uint8Array
    ? new Tensor('uint8', values, shape)
    : new Tensor('float32', values, shape)
}

/** True if the model takes pixels just as a decoder of pictures gives them. */
function isPlain({ type, layout, channels, mean, std }: Manifest['input']): boolean {
  return (
    type === 'uint8' &&
    layout === 'nhwc' &&
    channels === 'rgb' &&
    mean.every(value => value === 0) &&
    std.every(value => value === 1)
  )
}
