import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromHalf } from './half.ts'

/**
 * A TensorFlow.js graph model: `model.json` has the nodes, and the position of each constant in the weight file.
 * https://github.com/tensorflow/tfjs/tree/master/tfjs-converter
 */
export interface Constant {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

export interface TfNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly { readonly node: string; readonly output: number }[]
  readonly attributes: Attributes
}

export interface TfGraph {
  readonly nodes: ReadonlyMap<string, TfNode>
  readonly constants: ReadonlyMap<string, Constant>
}

interface WeightEntry {
  readonly name: string
  readonly shape: number[]
  readonly dtype: string
  readonly quantization?: { readonly dtype: string }
}

interface ModelJson {
  readonly modelTopology: {
    readonly node: { name: string; op: string; input?: string[]; attr?: Record<string, RawAttribute> }[]
  }
  readonly weightsManifest: { readonly paths: string[]; readonly weights: WeightEntry[] }[]
}

interface RawAttribute {
  readonly s?: string
  readonly f?: number
  readonly b?: boolean
  readonly list?: { readonly i?: string[]; readonly s?: string[] }
  readonly shape?: { readonly dim: { readonly size: string }[] }
}

/** A node's attributes; TensorFlow's own default if it has none. */
export class Attributes {
  readonly #raw: Readonly<Record<string, RawAttribute>>

  constructor(raw: Readonly<Record<string, RawAttribute>>) {
    this.#raw = raw
  }

  text = (name: string) => decodeText(this.#raw[name]?.s ?? '')
  texts = (name: string) => (this.#raw[name]?.list?.s ?? []).map(decodeText)
  float = (name: string, fallback: number) => this.#raw[name]?.f ?? fallback
  flag = (name: string) => this.#raw[name]?.b ?? false
  integers = (name: string) => (this.#raw[name]?.list?.i ?? []).map(Number)
  shape = (name: string) => (this.#raw[name]?.shape?.dim ?? []).map(({ size }) => Number(size))
}

export function readTfGraph(path: string): TfGraph {
  const model = JSON.parse(readFileSync(path, 'utf8')) as ModelJson
  const nodes = model.modelTopology.node.map(({ name, op, input = [], attr = {} }) => ({
    name,
    op,
    inputs: input.filter(reference => !reference.startsWith('^')).map(parseReference),
    attributes: new Attributes(attr),
  }))
  const constants = new Map<string, Constant>()
  for (const { paths, weights } of model.weightsManifest) {
    const bytes = Buffer.concat(paths.map(file => readFileSync(join(dirname(path), file))))
    let offset = 0
    for (const weight of weights) {
      const count = weight.shape.reduce((product, length) => product * length, 1)
      const { data, length } = readWeights(bytes.subarray(offset), weight, count)
      constants.set(weight.name, { shape: weight.shape, data })
      offset += length
    }
  }
  return { nodes: new Map(nodes.map(node => [node.name, node])), constants }
}

/** `name` is a node's first output, `name:1` its second. */
function parseReference(reference: string): { node: string; output: number } {
  const [node, output = '0'] = reference.split(':')
  return { node: node!, output: Number(output) }
}

function readWeights(bytes: Buffer, { name, dtype, quantization }: WeightEntry, count: number) {
  const stored = quantization?.dtype ?? dtype
  if (stored === 'float16') {
    return {
      data: Float32Array.from({ length: count }, (_, i) => fromHalf(bytes.readUInt16LE(2 * i))),
      length: 2 * count,
    }
  }
  if (stored === 'float32') {
    return {
      data: Float32Array.from({ length: count }, (_, i) => bytes.readFloatLE(4 * i)),
      length: 4 * count,
    }
  }
  if (stored === 'int32') {
    return { data: Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 * i)), length: 4 * count }
  }
  throw new Error(`${name}: weights of type ${stored} cannot be read`)
}

const decodeText = (base64: string) => Buffer.from(base64, 'base64').toString()
