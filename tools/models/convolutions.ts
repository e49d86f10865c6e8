import { permute, tensorOf, type Value, valueIn } from './order.ts'
import type { Step } from './step.ts'

/** How a window moves over height and width; TensorFlow names four axes, and these are the middle two. */
interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
}

/** Weights in TensorFlow are [height, width, in, out], in ONNX [out, in / group, height, width]. */
export function convolution(step: Step, kind: 'full' | 'depthwise'): Value {
  const { graph, node, inputs } = step
  const [of, weights, bias] = inputs
  if (weights?.constant === undefined) throw new Error(`${node.name}: weights that are not constant`)
  const [height, width, channelsIn, last] = weights.shape as [number, number, number, number]
  const channelsOut = kind === 'full' ? last : channelsIn * last
  const order = kind === 'full' ? [3, 2, 0, 1] : [2, 3, 0, 1]
  const shape = kind === 'full' ? [last, channelsIn, height, width] : [channelsOut, 1, height, width]
  const data = permute(Float32Array.from(weights.constant.data), weights.shape, order)
  const [fusedBias, ...activations] = fusedOperators(step)
  const tensors = [
    tensorOf(graph, of!, 'channelsFirst', node.name),
    graph.floats(`${node.name}/weights`, data, shape),
    ...(fusedBias
      ? [graph.floats(`${node.name}/bias`, Float32Array.from(bias!.constant!.data), [channelsOut])]
      : []),
  ]
  const window = {
    kernel: [height, width],
    strides: node.attributes.integers('strides').slice(1, 3),
    dilations: node.attributes.integers('dilations').slice(1, 3),
  }
  const { pads, size } = slide(step, window)
  const tensor = graph.add('Conv', node.name, tensors, {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads,
    group: kind === 'full' ? 1 : channelsIn,
  })
  const activated = activations.reduce((input, op) => graph.add(op, `${node.name}/${op}`, [input]), tensor)
  return valueIn('channelsFirst', activated, [1, ...size, channelsOut])
}

function fusedOperators({ node }: Step): string[] {
  const fused = node.attributes.texts('fused_ops')
  if (fused.some((op, index) => op !== (index === 0 ? 'BiasAdd' : 'Relu'))) {
    throw new Error(`${node.name}: fused ${fused.join(', ')} are not converted`)
  }
  return fused
}

export function maxPool(step: Step): Value {
  const { graph, node, inputs } = step
  const window = {
    kernel: node.attributes.integers('ksize').slice(1, 3),
    strides: node.attributes.integers('strides').slice(1, 3),
    dilations: [1, 1],
  }
  const { pads, size } = slide(step, window)
  const tensor = graph.add('MaxPool', node.name, [tensorOf(graph, inputs[0]!, 'channelsFirst', node.name)], {
    kernel_shape: window.kernel,
    strides: window.strides,
    pads,
  })
  return valueIn('channelsFirst', tensor, [1, ...size, inputs[0]!.shape[3]!])
}

/**
 * Size of the output, and padding. TensorFlow's SAME puts the odd pixel at the end, and with a stride it depends on the
 * size of the input. https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding
 */
function slide({ node, inputs: [of], anySize }: Step, { kernel, strides, dilations }: Window) {
  const same = node.attributes.text('padding') === 'SAME'
  if (same && anySize && strides.some(stride => stride > 1))
    throw new Error(`${node.name}: SAME padding depends on the size`)
  const reach = kernel.map((length, axis) => (length - 1) * dilations[axis]! + 1)
  const size = strides.map((stride, axis) => {
    const length = of!.shape[1 + axis]!
    return same ? Math.ceil(length / stride) : Math.floor((length - reach[axis]!) / stride) + 1
  })
  const total = strides.map((stride, axis) =>
    same ? Math.max(0, (size[axis]! - 1) * stride + reach[axis]! - of!.shape[1 + axis]!) : 0,
  )
  const before = total.map(pixels => Math.floor(pixels / 2))
  return { size, pads: [...before, ...total.map((pixels, axis) => pixels - before[axis]!)] }
}
