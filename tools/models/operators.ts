import { convolution, maxPool } from './convolutions.ts'
import type { OnnxNode } from './onnx-graph.ts'
import { axisIn, commonOrder, perAxis, tensorOf, transposed, type Value, valueIn } from './order.ts'
import type { Step } from './step.ts'

/** Converts one TensorFlow operator to ONNX nodes; returns a value for each output. */
export type Operator = (step: Step) => Value | Value[]

/** Only the operators of the models we convert: converting another model reports those that are missing. */
export const operators: Readonly<Record<string, Operator>> = {
  Identity: ({ inputs }) => inputs[0]!,
  Transpose: ({ graph, node, inputs: [of, permutation] }) =>
    transposed(graph, of!, integers(permutation), node.name),
  Relu: step => elementwise(step, 'Relu'),
  Sigmoid: step => elementwise(step, 'Sigmoid'),
  LeakyRelu: step =>
    elementwise(step, 'LeakyRelu', { alpha: { float: step.node.attributes.float('alpha', 0.2) } }),
  Add: add,
  AddV2: add,
  Pad: pad,
  PadV2: pad,
  Conv2D: step => convolution(step, 'full'),
  _FusedConv2D: step => convolution(step, 'full'),
  DepthwiseConv2dNative: step => convolution(step, 'depthwise'),
  MaxPool: maxPool,
  ConcatV2: concat,
  SplitV: split,
  ResizeBilinear: resize,
  Reshape: reshape,
  SparseToDense: sparseToDense,
}

function elementwise(
  { graph, node, inputs: [of] }: Step,
  op: string,
  attributes: OnnxNode['attributes'] = {},
): Value {
  const order = commonOrder([of!])
  return valueIn(
    order,
    graph.add(op, node.name, [tensorOf(graph, of!, order, node.name)], attributes),
    of!.shape,
  )
}

function add({ graph, node, inputs }: Step): Value {
  const [left, right] = inputs as [Value, Value]
  if (left.constant && right.constant) return addConstants(left, right)
  const order = commonOrder(inputs)
  const tensors = inputs.map(input => tensorOf(graph, input, order, node.name))
  return valueIn(order, graph.add('Add', node.name, tensors), broadcast(left.shape, right.shape))
}

function addConstants({ constant: left }: Value, { constant: right }: Value): Value {
  if (String(left!.shape) !== String(right!.shape)) throw new Error('constants of two shapes are not added')
  const data = Int32Array.from(left!.data, (value, index) => value + right!.data[index]!)
  return { shape: left!.shape, constant: { shape: left!.shape, data }, tensors: {} }
}

function pad({ graph, node, inputs: [of, amounts, fill] }: Step): Value {
  const pairs = integers(amounts)
  const before = of!.shape.map((_, axis) => pairs[2 * axis]!)
  const after = of!.shape.map((_, axis) => pairs[2 * axis + 1]!)
  const order = commonOrder([of!])
  const shape = of!.shape.map((length, axis) => before[axis]! + length + after[axis]!)
  const tensors = [
    tensorOf(graph, of!, order, node.name),
    graph.integers(`${node.name}/pads`, [...perAxis(order, before), ...perAxis(order, after)]),
    graph.floats(`${node.name}/fill`, Float32Array.of(fill?.constant?.data[0] ?? 0), []),
  ]
  return valueIn(order, graph.add('Pad', node.name, tensors, { mode: 'constant' }), shape)
}

function concat({ graph, node, inputs }: Step): Value {
  const parts = inputs.slice(0, -1)
  const axis = axisOf(inputs.at(-1), parts[0]!)
  const order = commonOrder(parts)
  const shape = parts[0]!.shape.with(
    axis,
    parts.reduce((length, part) => length + part.shape[axis]!, 0),
  )
  const tensors = parts.map(part => tensorOf(graph, part, order, node.name))
  return valueIn(
    order,
    graph.add('Concat', node.name, tensors, { axis: axisIn(order, axis, shape.length) }),
    shape,
  )
}

function split({ graph, node, inputs: [of, lengths, along] }: Step): Value[] {
  const parts = integers(lengths)
  const axis = axisOf(along, of!)
  const order = commonOrder([of!])
  const tensors = [tensorOf(graph, of!, order, node.name), graph.integers(`${node.name}/lengths`, parts)]
  const attributes = { axis: axisIn(order, axis, of!.shape.length) }
  return graph
    .addSplit('Split', node.name, tensors, attributes, parts.length)
    .map((tensor, index) => valueIn(order, tensor, of!.shape.with(axis, parts[index]!)))
}

/** By factors, not to a size: at the exported size both are the same, and factors also work at any other. */
function resize({ graph, node, inputs: [of, size] }: Step): Value {
  const [height, width] = integers(size) as [number, number]
  const [batch, fromHeight, fromWidth, channels] = of!.shape as [number, number, number, number]
  const scales = Float32Array.of(1, 1, height / fromHeight, width / fromWidth)
  const tensors = [
    tensorOf(graph, of!, 'channelsFirst', node.name),
    '',
    graph.floats(`${node.name}/scales`, scales, [4]),
  ]
  const centres = node.attributes.flag('half_pixel_centers') ? 'half_pixel' : 'asymmetric'
  if (node.attributes.flag('align_corners')) throw new Error(`${node.name}: align_corners is not converted`)
  const attributes = { mode: 'linear', coordinate_transformation_mode: centres }
  return valueIn('channelsFirst', graph.add('Resize', node.name, tensors, attributes), [
    batch,
    height,
    width,
    channels,
  ])
}

function reshape({ graph, node, inputs: [of, target], anySize }: Step): Value {
  const wanted = integers(target)
  if (anySize && !wanted.includes(-1)) throw new Error(`${node.name}: it is reshaped to a fixed size`)
  const known = product(wanted.filter(length => length !== -1))
  const shape = wanted.map(length => (length === -1 ? product(of!.shape) / known : length))
  const tensors = [tensorOf(graph, of!, 'source', node.name), graph.integers(`${node.name}/shape`, wanted)]
  return valueIn('source', graph.add('Reshape', node.name, tensors), shape)
}

/** Exporters write the zeros of a shape this way; a tensor with indices does not occur. */
function sparseToDense({ node, inputs: [indices, shape, , fallback] }: Step): Value {
  if (indices!.constant?.data.length !== 0)
    throw new Error(`${node.name}: a sparse tensor with entries is not converted`)
  const dense = integers(shape)
  const data = new Int32Array(product(dense)).fill(fallback?.constant?.data[0] ?? 0)
  return { shape: dense, constant: { shape: dense, data }, tensors: {} }
}

function integers(value: Value | undefined): number[] {
  if (value?.constant === undefined)
    throw new Error('an argument that depends on the picture is not converted')
  return Array.from(value.constant.data)
}

const product = (lengths: readonly number[]) => lengths.reduce((total, length) => total * length, 1)

function axisOf(argument: Value | undefined, of: Value): number {
  const axis = integers(argument)[0]!
  return axis < 0 ? axis + of.shape.length : axis
}

function broadcast(left: readonly number[], right: readonly number[]): number[] {
  const rank = Math.max(left.length, right.length)
  const aligned = (shape: readonly number[]) => [...Array<number>(rank - shape.length).fill(1), ...shape]
  const [a, b] = [aligned(left), aligned(right)]
  return a.map((length, axis) => Math.max(length, b[axis]!))
}
