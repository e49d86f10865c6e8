import { toExactHalf } from './half.ts'
import type { Initializer, OnnxGraph, OnnxNode } from './onnx-graph.ts'

/** Shortens a finished graph; no step changes its results. */
export function fold(graph: OnnxGraph): void {
  foldPads(graph)
  foldBiases(graph)
  dropUnused(graph)
  storeAsHalf(graph)
}

/** Conv and MaxPool can pad by themselves: with zeros, and with the lowest value. */
function foldPads(graph: OnnxGraph): void {
  const producers = producersOf(graph)
  graph.nodes = graph.nodes.map(node => {
    const padding = producers.get(node.inputs[0] ?? '')
    if (padding?.op !== 'Pad' || (node.op !== 'Conv' && node.op !== 'MaxPool')) return node
    const [of, amounts, fill] = padding.inputs
    const pads = Array.from(initializer(graph, amounts!)!.data, Number)
    const value = Number(initializer(graph, fill!)!.data[0])
    const neutral = node.op === 'Conv' ? value === 0 : value <= -3.4e38
    const spatial = [0, 1, 4, 5].every(index => pads[index] === 0)
    if (!neutral || !spatial) return node
    const own = node.attributes.pads as readonly number[]
    const sum = [pads[2]!, pads[3]!, pads[6]!, pads[7]!].map((amount, index) => amount + own[index]!)
    return { ...node, inputs: [of!, ...node.inputs.slice(1)], attributes: { ...node.attributes, pads: sum } }
  })
}

/** A constant per channel added to a Conv becomes its bias if nothing else reads the Conv. */
function foldBiases(graph: OnnxGraph): void {
  const producers = producersOf(graph)
  const readers = Map.groupBy(
    graph.nodes.flatMap(({ inputs }) => inputs),
    name => name,
  )
  const replaced = new Map<OnnxNode, OnnxNode | undefined>()
  for (const node of graph.nodes.filter(({ op }) => op === 'Add')) {
    const conv = node.inputs.map(input => producers.get(input)).find(producer => producer?.op === 'Conv')
    const bias = node.inputs.map(input => initializer(graph, input)).find(found => found !== undefined)
    if (!conv || !bias || conv.inputs.length !== 2 || readers.get(conv.outputs[0]!)!.length !== 1) continue
    if (bias.data.length !== initializer(graph, conv.inputs[1]!)!.shape[0]) continue
    const name = graph.floats(`${conv.name}/bias`, bias.data as Float32Array, [bias.data.length])
    replaced.set(conv, { ...conv, inputs: [...conv.inputs, name], outputs: node.outputs })
    replaced.set(node, undefined)
  }
  graph.nodes = graph.nodes.flatMap(node => (replaced.has(node) ? (replaced.get(node) ?? []) : node))
}

function dropUnused(graph: OnnxGraph): void {
  const needed = new Set(graph.outputs.map(({ name }) => name))
  graph.nodes = graph.nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some(output => needed.has(output))) return false
      for (const input of inputs) needed.add(input)
      return true
    })
    .toReversed()
  graph.initializers = graph.initializers.filter(({ name }) => needed.has(name))
}

const worthHalving = 64

/** Weights that came as halves are stored as halves: half the file, the same numbers. ONNX Runtime runs the Cast once, at load. */
function storeAsHalf(graph: OnnxGraph): void {
  const casts: OnnxNode[] = []
  graph.initializers = graph.initializers.map(weights => {
    if (weights.type !== 'float32' || weights.data.length <= worthHalving) return weights
    const halves = Array.from(weights.data as Float32Array, toExactHalf)
    if (halves.includes(undefined)) return weights
    const name = `${weights.name}/half`
    casts.push({
      op: 'Cast',
      name: `${weights.name}/cast`,
      inputs: [name],
      outputs: [weights.name],
      attributes: { to: 1 },
    })
    return { ...weights, name, type: 'float16', data: Uint16Array.from(halves as number[]) }
  })
  graph.nodes = [...casts, ...graph.nodes]
}

const producersOf = (graph: OnnxGraph) =>
  new Map(graph.nodes.flatMap(node => node.outputs.map(output => [output, node] as const)))

const initializer = (graph: OnnxGraph, name: string): Initializer | undefined =>
  graph.initializers.find(candidate => candidate.name === name)
