import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { bundledModels, readModelFile } from '../../models/model-file.ts'
import { everyRow, type Recording, recordingName, recordings, seededPicture } from './seeded-picture.ts'

/** Float32 in another order of sums: TensorFlow.js 4.22.0 on the CPU against ONNX Runtime. Of the value, or of 1. */
const tolerance = 1e-4

describe('the ONNX files compute what TensorFlow.js computes from the same weights', () => {
  for (const recording of recordings) {
    test(`${recording.model} on ${recording.kind} of ${recording.width} × ${recording.height}`, async () => {
      const results = await run(recording)
      for (const [name, { data, dims }] of Object.entries(results)) {
        const found = everyRow(data as Float32Array, dims[2]!, recording.step)
        const wanted = recorded(`${recordingName(recording)}-${name}.f32`)
        expect(found.length, name).toBe(wanted.length)
        expect(furthest(found, wanted), name).toBeLessThan(tolerance)
      }
    })
  }
})

async function run({ model, kind, seed, width, height }: Recording) {
  const { bytes } = readModelFile(model === 'nanodet-g' ? bundledModels.objects : bundledModels.faces)
  const session = await InferenceSession.create(bytes)
  const pixels = seededPicture(kind, seed, width, height)
  const results = await session.run({ image: new Tensor('uint8', pixels, [1, height, width, 3]) })
  await session.release()
  return results
}

function recorded(file: string): Float32Array {
  const bytes = readFileSync(new URL(`recorded/${file}`, import.meta.url))
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

const furthest = (found: Float32Array, wanted: Float32Array) =>
  found.reduce(
    (most, value, index) =>
      Math.max(most, Math.abs(value - wanted[index]!) / Math.max(1, Math.abs(wanted[index]!))),
    0,
  )
