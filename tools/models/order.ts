import type { OnnxGraph } from './onnx-graph.ts'
import type { Constant } from './tfjs-graph.ts'

/**
 * TensorFlow keeps channels last, ONNX first. One way is to write a Transpose at every border and to cancel pairs
 * afterwards. Here, each tensor of the source is known in up to two orders instead, and a Transpose is written only if
 * an operator needs an order that does not exist yet. A Transpose of the source between the two orders then costs
 * nothing: it renames.
 */
export type Order = 'source' | 'channelsFirst'

export interface Value {
  /** As in the source, at the size for which it was exported. */
  readonly shape: readonly number[]
  readonly constant?: Constant
  /** Names of the ONNX tensors that hold it: in the source's order, or transposed by 0, 3, 1, 2. */
  readonly tensors: Partial<Record<Order, string>>
}

const toFirst = [0, 3, 1, 2]
const toLast = [0, 2, 3, 1]

export const valueIn = (order: Order, tensor: string, shape: readonly number[]): Value => ({
  shape,
  tensors: { [order]: tensor },
})

/** The ONNX tensor of a value in an order; added if there is none yet. */
export function tensorOf(graph: OnnxGraph, value: Value, order: Order, name: string): string {
  const known = value.tensors[order]
  if (known !== undefined) return known
  const made = value.constant
    ? constantIn(graph, value.constant, order, name)
    : transposeTo(graph, value, order, name)
  value.tensors[order] = made
  return made
}

/** The order in which these values can be combined with the fewest Transposes. */
export function commonOrder(values: readonly Value[]): Order {
  const variables = values.filter(({ constant }) => constant === undefined)
  if (variables.some(({ shape }) => shape.length !== 4)) return 'source'
  return variables.some(({ tensors }) => tensors.source === undefined) ? 'channelsFirst' : 'source'
}

/** An axis of the source, in an order. */
export function axisIn(order: Order, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis
  return order === 'source' ? positive : toFirst.indexOf(positive)
}

/** A list with an entry per axis of the source, in an order. */
export function perAxis<T>(order: Order, entries: readonly T[]): T[] {
  return order === 'source' ? [...entries] : toFirst.map(axis => entries[axis]!)
}

/** Converts the source's own Transpose. */
export function transposed(
  graph: OnnxGraph,
  value: Value,
  permutation: readonly number[],
  name: string,
): Value {
  const shape = permutation.map(axis => value.shape[axis]!)
  if (String(permutation) === String(toLast)) {
    return valueIn('channelsFirst', tensorOf(graph, value, 'source', name), shape)
  }
  if (String(permutation) === String(toFirst)) {
    return valueIn('source', tensorOf(graph, value, 'channelsFirst', name), shape)
  }
  const tensor = graph.add('Transpose', name, [tensorOf(graph, value, 'source', name)], { perm: permutation })
  return valueIn('source', tensor, shape)
}

function transposeTo(graph: OnnxGraph, value: Value, order: Order, name: string): string {
  const [from, perm]: [Order, number[]] = order === 'source' ? ['channelsFirst', toLast] : ['source', toFirst]
  return graph.add('Transpose', `${name}/order`, [value.tensors[from]!], { perm })
}

function constantIn(graph: OnnxGraph, { data, shape }: Constant, order: Order, name: string): string {
  const floats = Float32Array.from(data)
  if (order === 'source') return graph.floats(`${name}/constant`, floats, shape)
  // TensorFlow broadcasts from the last axis: a shorter shape gets ones in front.
  const four = [...Array<number>(4 - shape.length).fill(1), ...shape]
  return graph.floats(`${name}/constant`, permute(floats, four, toFirst), perAxis(order, four))
}

/** Transposes a constant. */
export function permute(
  data: Float32Array,
  shape: readonly number[],
  permutation: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, length) => product * length, 1),
  )
  const outShape = permutation.map(axis => shape[axis]!)
  const outStrides = permutation.map(axis => strides[axis]!)
  return Float32Array.from({ length: data.length }, (_, position) => {
    let rest = position
    let source = 0
    for (let axis = outShape.length - 1; axis >= 0; axis--) {
      source += (rest % outShape[axis]!) * outStrides[axis]!
      rest = Math.floor(rest / outShape[axis]!)
    }
    return data[source]!
  })
}
