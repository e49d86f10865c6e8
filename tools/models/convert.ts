import { fold } from './fold.ts'
import { OnnxGraph } from './onnx-graph.ts'
import { operators } from './operators.ts'
import { tensorOf, type Value, valueIn } from './order.ts'
import type { TfGraph, TfNode } from './tfjs-graph.ts'

/** Settings of a conversion besides the operators. */
export interface Recipe {
  /** Run the model on pictures of any height and width that its strides allow. */
  readonly anySize: boolean
  /** For pixels in 0..255, per channel of the model, so after `channels`. */
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] }
  /** The model's colour order. Pictures come as RGB. */
  readonly channels: 'rgb' | 'bgr'
  /** For each output of the ONNX model, the outputs of the source that are concatenated along axis 1. */
  readonly outputs: Readonly<Record<string, readonly string[]>>
}

/**
 * The graph with a picture as its input, `image`: uint8 [1, height, width, 3], RGB, as any decoder returns it. Throws
 * on anything it cannot express in ONNX.
 */
export function convert(source: TfGraph, recipe: Recipe): OnnxGraph {
  const graph = new OnnxGraph()
  const values = new Map<string, readonly Value[]>()
  for (const [name, constant] of source.constants)
    values.set(name, [{ shape: constant.shape, constant, tensors: {} }])

  const valuesOf = (name: string): readonly Value[] => {
    const known = values.get(name)
    if (known) return known
    const node = source.nodes.get(name)
    if (!node) throw new Error(`the graph has no node ${name}`)
    const made = node.op === 'Placeholder' ? [pictureInput(graph, node, recipe)] : runOperator(node)
    values.set(name, made)
    return made
  }
  const runOperator = (node: TfNode): readonly Value[] => {
    const operator = operators[node.op]
    if (!operator) throw new Error(`${node.name}: the operator ${node.op} is not converted`)
    const inputs = node.inputs.map(({ node: input, output }) => valuesOf(input)[output]!)
    return [
      operator({ graph, node: { ...node, name: shortName(node.name) }, inputs, anySize: recipe.anySize }),
    ].flat()
  }

  for (const [name, parts] of Object.entries(recipe.outputs))
    addOutput(graph, recipe, name, parts.flatMap(valuesOf))
  fold(graph)
  return graph
}

/** Transposes the uint8 data before it becomes four times as large. */
function pictureInput(
  graph: OnnxGraph,
  { attributes }: TfNode,
  { anySize, channels, normalisation }: Recipe,
): Value {
  const shape = attributes.shape('shape')
  const order = shape[1] === 3 ? 'source' : 'channelsFirst'
  const [height, width] = order === 'source' ? shape.slice(2) : shape.slice(1, 3)
  graph.inputs.push({
    name: 'image',
    type: 'uint8',
    shape: anySize ? [1, 'height', 'width', 3] : [1, height!, width!, 3],
  })
  const perChannel = (name: string, numbers: readonly number[]) =>
    graph.floats(name, Float32Array.from(numbers), [1, 3, 1, 1])
  let tensor = graph.add('Transpose', 'image/channels-first', ['image'], { perm: [0, 3, 1, 2] })
  if (channels === 'bgr')
    tensor = graph.add('Gather', 'image/bgr', [tensor, graph.integers('bgr', [2, 1, 0])], { axis: 1 })
  tensor = graph.add('Cast', 'image/float', [tensor], { to: 1 })
  tensor = graph.add('Sub', 'image/centred', [tensor, perChannel('mean', normalisation.mean)])
  const factors = normalisation.std.map(deviation => 1 / deviation)
  tensor = graph.add('Mul', 'image/normalised', [tensor, perChannel('factor', factors)])
  return valueIn(order, tensor, shape)
}

function addOutput(graph: OnnxGraph, { anySize }: Recipe, name: string, parts: readonly Value[]): void {
  const tensors = parts.map(part => tensorOf(graph, part, 'source', name))
  graph.nodes.push({ op: 'Concat', name, inputs: tensors, outputs: [name], attributes: { axis: 1 } })
  const rows = parts.reduce((total, { shape }) => total + shape[1]!, 0)
  graph.outputs.push({
    name,
    type: 'float32',
    shape: parts[0]!.shape.with(1, rows).map((length, axis) => (anySize && axis === 1 ? 'rows' : length)) as (
      | number
      | string
    )[],
  })
}

/** Without the exporter's prefixes, which carry no information. */
const shortName = (name: string) => name.replace(/^(Stateful)?PartitionedCall\/(functional_1\/)?/, '')
