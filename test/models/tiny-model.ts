import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeModel } from '../../tools/models/onnx-file.ts'
import { OnnxGraph } from '../../tools/models/onnx-graph.ts'

export const tinyManifest = {
  name: 'tiny',
  task: 'objects',
  file: 'tiny.onnx',
  sha256: '',
  licence: 'Apache-2.0',
  origin: 'made by a test',
  input: {
    name: 'image',
    type: 'float32',
    layout: 'nchw',
    channels: 'bgr',
    sizes: [{ width: 64, height: 64 }],
  },
  decoder: 'detr',
  outputs: { scores: 'scores', boxes: 'boxes' },
  classes: { count: 3, words: { person: [0], car: [2] } },
  thresholds: { report: 0.5, redact: 0.3, overlap: 0.5 },
}

type Change = Partial<Record<keyof typeof tinyManifest, unknown>>

/** One query that is sure of class 2 in the middle, whatever the picture; `pixel` multiplies what it says. */
function tinyModel(pixel: number): Uint8Array {
  const graph = new OnnxGraph()
  graph.inputs.push({ name: 'image', type: 'float32', shape: [1, 3, 64, 64] })
  const zero = graph.add('Mul', 'zero', [
    graph.add('ReduceMean', 'mean', ['image'], { axes: [1, 2, 3], keepdims: 0 }),
    graph.floats('factor', Float32Array.of(pixel), [1]),
  ])
  const outputs = { scores: [0.1, 0.2, 0.9], boxes: [0.5, 0.5, 0.5, 0.25] }
  for (const [name, values] of Object.entries(outputs)) {
    const constant = graph.floats(`${name}/values`, Float32Array.from(values), [1, 1, values.length])
    graph.add('Add', name, [zero, constant])
    graph.outputs.push({ name, type: 'float32', shape: [1, 1, values.length] })
  }
  return writeModel(graph, 'tiny', {})
}

/** Writes a model that ignores its picture, and a manifest of it; returns the manifest's path. */
export function writeTiny(directory: string, change: Change = {}, bytes: Uint8Array = tinyModel(0)): string {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(join(directory, 'tiny.onnx'), bytes)
  const path = join(directory, 'tiny.json')
  writeFileSync(path, JSON.stringify({ ...tinyManifest, sha256, ...change }))
  return path
}

/** As writeTiny; it divides by the black of the first look, and answers no numbers. */
export function writeNaN(directory: string): string {
  return writeTiny(directory, {}, tinyModel(Number.NaN))
}
