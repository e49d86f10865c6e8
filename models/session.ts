import { InferenceSession, type Tensor } from 'onnxruntime-node'
import { LintelError, messageOf } from '../core/errors.ts'
import type { Size } from './box.ts'
import type { Candidate, Outputs } from './decode/candidate.ts'
import { toTensor } from './input.ts'
import { decoderOf, type Manifest } from './manifest.ts'
import type { ModelFile } from './model-file.ts'
import { noTelemetry } from './no-telemetry.ts'

export interface SessionOptions {
  /** Threads for one inference; 1 by default. */
  readonly threads?: number
}

export interface Inference {
  readonly candidates: Candidate[]
  readonly inferenceMs: number
}

/** A model in memory, checked against its manifest. One for the life of a process. */
export interface Session {
  readonly manifest: Manifest
  /** `pixels`: RGB of one of the manifest's sizes. Blocks the event loop. Throws MODEL_OUTPUT_INVALID. */
  run(pixels: Uint8Array, size: Size, minScore: number): Promise<Inference>
  close(): Promise<void>
}

/**
 * Spinning threads cost a core between two pictures, and more than a second thread gains when something else runs (40 ms
 * against 22 ms). An arena keeps the memory of the largest run for good.
 */
const sessionOptions = (threads: number): InferenceSession.SessionOptions => ({
  executionProviders: ['cpu'],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
})

/** Runs the model once on black at each size. Throws MODEL_UNREADABLE, MODEL_SHAPE_WRONG, MODEL_CLASSES_WRONG or MODEL_OUTPUT_INVALID. */
export async function openSession(
  { manifest, bytes }: ModelFile,
  { threads = 1 }: SessionOptions = {},
): Promise<Session> {
  const native = await createNative(bytes, threads)
  const decoder = decoderOf(manifest)
  const wanted = Object.values(manifest.classes?.words ?? { face: [0] }).flat()

  async function infer(pixels: Uint8Array, size: Size): Promise<Outputs> {
    const results = await native.run({ [manifest.input.name]: toTensor(pixels, size, manifest.input) })
    return Object.fromEntries(
      Object.entries(manifest.outputs).map(([role, name]) => [role, toOutput(name, results[name]!)]),
    )
  }

  const session: Session = {
    manifest,
    async run(pixels, size, minScore) {
      const started = performance.now()
      const outputs = await infer(pixels, size)
      const inferenceMs = performance.now() - started
      const { strides, activation } = manifest
      return {
        candidates: decoder.decode(outputs, size, { minScore, classes: wanted, strides, activation }),
        inferenceMs,
      }
    },
    close: () => native.release(),
  }

  try {
    checkPorts(native, manifest)
    for (const size of manifest.input.sizes) await probe(size)
    return session
  } catch (error) {
    await session.close()
    throw error
  }

  async function probe(size: Size): Promise<void> {
    const at = `at ${size.width}×${size.height}`
    const outputs = await infer(new Uint8Array(size.width * size.height * 3), size).catch(error => {
      if (error instanceof LintelError) throw error
      throw new LintelError('MODEL_SHAPE_WRONG', `it does not run ${at}: ${firstLine(error)}`)
    })
    const shapes = Object.fromEntries(Object.entries(outputs).map(([role, { shape }]) => [role, shape]))
    const count = decoder.classCount(shapes, size, manifest)
    if (typeof count === 'string') throw new LintelError('MODEL_SHAPE_WRONG', `${at} ${count}`)
    if (manifest.classes && count !== manifest.classes.count) {
      throw new LintelError(
        'MODEL_CLASSES_WRONG',
        `the model tells ${count} classes apart, its manifest ${manifest.classes.count}`,
      )
    }
  }
}

/** Loads the model into ONNX Runtime. Throws MODEL_UNREADABLE. */
export async function createNative(bytes: Uint8Array, threads: number): Promise<InferenceSession> {
  Object.assign(process.env, noTelemetry)
  try {
    return await InferenceSession.create(bytes, sessionOptions(threads))
  } catch (error) {
    throw new LintelError('MODEL_UNREADABLE', `ONNX Runtime cannot load it: ${firstLine(error)}`)
  }
}

function checkPorts({ inputMetadata, outputNames }: InferenceSession, { input, outputs }: Manifest): void {
  const wrong = (reason: string) => new LintelError('MODEL_SHAPE_WRONG', reason)
  const port = inputMetadata.find(({ name }) => name === input.name)
  if (!port?.isTensor)
    throw wrong(`it has no input "${input.name}", but ${inputMetadata.map(({ name }) => name).join(', ')}`)
  if (inputMetadata.length > 1) throw wrong(`it has ${inputMetadata.length} inputs, not one`)
  if (port.type !== input.type) throw wrong(`its input is ${port.type}, its manifest says ${input.type}`)
  for (const { width, height } of input.sizes) {
    const shape = input.layout === 'nhwc' ? [1, height, width, 3] : [1, 3, height, width]
    const fits =
      port.shape.length === 4 &&
      port.shape.every((length, axis) => typeof length === 'string' || length < 0 || length === shape[axis])
    if (!fits)
      throw wrong(`its input is [${port.shape.join(', ')}], its manifest asks for [${shape.join(', ')}]`)
  }
  const missing = Object.values(outputs).filter(name => !outputNames.includes(name))
  if (missing.length > 0) throw wrong(`it has no output ${missing.join(', ')}, but ${outputNames.join(', ')}`)
}

/** A model that was fed something odd, or was badly made, returns NaN, with which every comparison is false: its output is refused. */
function toOutput(name: string, { type, dims, data }: Tensor) {
  if (type !== 'float32')
    throw new LintelError('MODEL_SHAPE_WRONG', `its output ${name} is ${type}, not float32`)
  const floats = data as Float32Array
  if (!allFinite(floats)) throw new LintelError('MODEL_OUTPUT_INVALID', `its output ${name} is not finite`)
  return { shape: dims, data: floats }
}

/**
 * A finite value less itself is 0; any other gives NaN, which stays in the sum. Half a million values take a fraction of
 * a millisecond.
 */
function allFinite(values: Float32Array): boolean {
  let zero = 0
  for (let index = 0; index < values.length; index++) zero += values[index]! - values[index]!
  return zero === 0
}

const firstLine = (error: unknown) => messageOf(error).split('\n')[0]!
