import { InferenceSession, Tensor } from 'onnxruntime-node'
import { convert, type Recipe } from '../../tools/models/convert.ts'
import { writeModel } from '../../tools/models/onnx-file.ts'
import { Attributes, type Constant, type TfGraph, type TfNode } from '../../tools/models/tfjs-graph.ts'

export interface TinyNode {
  readonly op: string
  /** `picture` for the input, another node, or a constant. */
  readonly inputs: readonly string[]
  readonly attributes?: ConstructorParameters<typeof Attributes>[0]
}

export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const list = (...numbers: number[]) => ({ list: { i: numbers.map(String) } })
export const floats = (shape: number[], data: number[]): Constant => ({
  shape,
  data: Float32Array.from(data),
})
export const ints = (...data: number[]): Constant => ({ shape: [data.length], data: Int32Array.from(data) })
export const scalar = (value: number): Constant => ({ shape: [], data: Int32Array.of(value) })

/** A TensorFlow graph in memory, on a picture of `size` pixels in both directions, channels last. */
export function tinyGraph(
  size: number,
  nodes: Record<string, TinyNode>,
  constants: Record<string, Constant> = {},
): TfGraph {
  const dim = [1, size, size, 3].map(length => ({ size: String(length) }))
  const all: Record<string, TinyNode> = {
    picture: { op: 'Placeholder', inputs: [], attributes: { shape: { shape: { dim } } } },
    ...nodes,
  }
  const toNode = ([name, { op, inputs, attributes = {} }]: [string, TinyNode]): TfNode => ({
    name,
    op,
    inputs: inputs.map(input => ({ node: input.split(':')[0]!, output: Number(input.split(':')[1] ?? 0) })),
    attributes: new Attributes(attributes),
  })
  return {
    nodes: new Map(Object.entries(all).map(entry => [entry[0], toNode(entry)])),
    constants: new Map(Object.entries(constants)),
  }
}

export const plainRecipe = (...outputs: string[]): Recipe => ({
  anySize: false,
  channels: 'rgb',
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
  outputs: { out: outputs },
})

/** Converts, writes, loads and runs. */
export async function runConverted(graph: TfGraph, recipe: Recipe, pixels: readonly number[]) {
  const converted = convert(graph, recipe)
  const session = await InferenceSession.create(writeModel(converted, 'tiny', {}))
  const side = Math.sqrt(pixels.length / 3)
  const { out } = await session.run({
    image: new Tensor('uint8', Uint8Array.from(pixels), [1, side, side, 3]),
  })
  await session.release()
  return {
    shape: out!.dims,
    data: Array.from(out!.data as Float32Array),
    ops: converted.nodes.map(({ op }) => op),
  }
}
