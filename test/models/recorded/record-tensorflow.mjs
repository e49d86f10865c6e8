/**
 * Records what TensorFlow.js computes, for conversion.test.ts to hold the ONNX files against. TensorFlow.js
 * is 77 MB with its friends, so it is not a dependency; to record anew, in a directory outside of the project:
 *
 *   npm init -y
 *   npm i @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-converter@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
 *   node PROJECT/test/models/recorded/record-tensorflow.mjs MODELS
 *
 * MODELS has nanodet.json, nanodet.bin, blazeface-back.json and blazeface-back.bin of the package that
 * models/convert/source-package.ts names. Needs a Node that strips types.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { everyRow, recordingName, recordings, seededPicture } from '../seeded-picture.ts'

const require = createRequire(join(process.cwd(), 'package.json'))
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
const { loadGraphModel } = require('@tensorflow/tfjs-converter')
await tf.setBackend('cpu')

const models = process.argv[2]
for (const recording of recordings) {
  const { width, height, step } = recording
  const pixels = seededPicture(recording.kind, recording.seed, width, height)
  const outputs =
    recording.model === 'nanodet-g' ? await runNanodet(pixels, width, height) : await runBlazeface(pixels)
  for (const [name, { data, columns }] of Object.entries(outputs)) {
    const rows = everyRow(data, columns, step)
    const path = new URL(`${recordingName(recording)}-${name}.f32`, import.meta.url)
    writeFileSync(path, new Uint8Array(rows.buffer))
    console.log(path.pathname, rows.length / columns, 'rows')
  }
}

async function runNanodet(pixels, width, height) {
  const files = readModel('nanodet')
  resizeNanodet(files, width, height)
  const model = await loadGraphModel(tf.io.fromMemory(files))
  const mean = [103.53, 116.28, 123.675]
  const std = [57.375, 57.12, 58.395]
  const area = width * height
  const input = Float32Array.from({ length: 3 * area }, (_, index) => {
    const blueFirst = Math.floor(index / area)
    return (pixels[(index % area) * 3 + 2 - blueFirst] - mean[blueFirst]) / std[blueFirst]
  })
  return run(model, tf.tensor4d(input, [1, 3, height, width]), {
    scores: ['Identity', 'Identity_1', 'Identity_2'],
    distances: ['Identity_3', 'Identity_4', 'Identity_5'],
  })
}

async function runBlazeface(pixels) {
  const model = await loadGraphModel(tf.io.fromMemory(readModel('blazeface-back')))
  const input = Float32Array.from(pixels, value => (value - 127.5) / 127.5)
  return run(model, tf.tensor4d(input, [1, 256, 256, 3]), {
    scores: ['Identity', 'Identity_1'],
    boxes: ['Identity_2', 'Identity_3'],
  })
}

function run(model, input, outputs) {
  const names = Object.values(outputs).flat()
  const tensors = model.execute(input, names)
  const byName = new Map(names.map((name, index) => [name, tensors[index]]))
  return Object.fromEntries(
    Object.entries(outputs).map(([output, parts]) => {
      const joined = tf.concat(
        parts.map(part => byName.get(part)),
        1,
      )
      return [output, { data: joined.dataSync(), columns: joined.shape[2] }]
    }),
  )
}

function readModel(name) {
  const json = JSON.parse(readFileSync(join(models, `${name}.json`), 'utf8'))
  const bytes = readFileSync(join(models, `${name}.bin`))
  return {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest[0].weights,
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  }
}

/** The source holds 416 × 416 in its input and in the sizes that it resizes to; nothing else depends on it. */
function resizeNanodet({ modelTopology, weightSpecs, weightData }, width, height) {
  const factors = [height / 416, width / 416]
  for (const { op, attr, input } of modelTopology.node) {
    if (op === 'Placeholder')
      attr.shape.shape.dim.splice(2, 2, { size: String(height) }, { size: String(width) })
    if (op !== 'ResizeBilinear') continue
    let offset = 0
    for (const { name, shape, quantization } of weightSpecs) {
      if (name === input[1]) {
        const size = new Int32Array(weightData.slice(offset, offset + 8)).map((length, axis) =>
          Math.round(length * factors[axis]),
        )
        new Uint8Array(weightData).set(new Uint8Array(size.buffer), offset)
      }
      offset += shape.reduce((product, length) => product * length, 1) * (quantization ? 2 : 4)
    }
  }
}
