import { describe, expect, test } from 'vitest'
import { convert } from '../../tools/models/convert.ts'
import { base64, floats, ints, list, plainRecipe, runConverted, scalar, tinyGraph } from './tiny-graph.ts'

const same = { s: base64('SAME') }
const valid = { s: base64('VALID') }
const windowed = (padding: { s: string }, stride: number) => ({
  padding,
  strides: list(1, stride, stride, 1),
  dilations: list(1, 1, 1, 1),
})

/** Red counts upwards, green is ten times that, blue is 1. */
const picture = (side: number) =>
  Array.from({ length: side * side }, (_, i) => [i + 1, 10 * (i + 1), 1]).flat()
/** A kernel that adds up red. */
const sumOfRed = (side: number) =>
  floats([side, side, 3, 1], Array.from({ length: side * side }, () => [1, 0, 0]).flat())

describe('a converted operator does what TensorFlow does', () => {
  test('SAME padding with a stride pads behind, not in front', async () => {
    const graph = tinyGraph(
      4,
      { conv: { op: 'Conv2D', inputs: ['picture', 'kernel'], attributes: windowed(same, 2) } },
      { kernel: sumOfRed(3) },
    )
    const { data, shape } = await runConverted(graph, plainRecipe('conv'), picture(4))
    expect(shape).toEqual([1, 2, 2, 1])
    // The window at (0, 0) covers rows and columns 0 to 2; that at (1, 1) rows and columns 2 to 4.
    expect(data).toEqual([
      1 + 2 + 3 + 5 + 6 + 7 + 9 + 10 + 11,
      3 + 4 + 7 + 8 + 11 + 12,
      9 + 10 + 11 + 13 + 14 + 15,
      11 + 12 + 15 + 16,
    ])
  })

  test('a Pad in front of a Conv, and a constant added after it, become part of the Conv', async () => {
    const graph = tinyGraph(
      2,
      {
        pad: { op: 'Pad', inputs: ['picture', 'amounts'] },
        conv: { op: 'Conv2D', inputs: ['pad', 'kernel'], attributes: windowed(valid, 1) },
        biased: { op: 'Add', inputs: ['conv', 'bias'] },
      },
      { amounts: floats([4, 2], [0, 0, 1, 0, 1, 0, 0, 0]), kernel: sumOfRed(2), bias: floats([1], [100]) },
    )
    const { data, ops } = await runConverted(graph, plainRecipe('biased'), picture(2))
    expect(data).toEqual([101, 103, 104, 110])
    expect(ops).not.toContain('Pad')
    expect(ops).not.toContain('Add')
  })

  test('a depthwise Conv keeps each channel to itself', async () => {
    const kernel = floats([1, 1, 3, 1], [2, 3, 4])
    const graph = tinyGraph(
      1,
      { conv: { op: 'DepthwiseConv2dNative', inputs: ['picture', 'kernel'], attributes: windowed(same, 1) } },
      { kernel },
    )
    expect((await runConverted(graph, plainRecipe('conv'), [1, 10, 100])).data).toEqual([2, 30, 400])
  })

  test('a fused bias and Relu come in that order', async () => {
    const attributes = {
      ...windowed(valid, 1),
      fused_ops: { list: { s: [base64('BiasAdd'), base64('Relu')] } },
    }
    const constants = { kernel: floats([1, 1, 3, 2], [1, -1, 0, 0, 0, 0]), bias: floats([2], [5, 5]) }
    const graph = tinyGraph(
      1,
      { conv: { op: '_FusedConv2D', inputs: ['picture', 'kernel', 'bias'], attributes } },
      constants,
    )
    expect((await runConverted(graph, plainRecipe('conv'), [9, 0, 0])).data).toEqual([14, 0])
  })

  test('a Pad of the least number in front of MaxPool becomes part of it', async () => {
    const graph = tinyGraph(
      2,
      {
        pad: { op: 'PadV2', inputs: ['picture', 'amounts', 'least'] },
        pool: {
          op: 'MaxPool',
          inputs: ['pad'],
          attributes: { ...windowed(valid, 2), ksize: list(1, 2, 2, 1) },
        },
      },
      { amounts: ints(0, 0, 1, 1, 1, 1, 0, 0), least: floats([], [-3.4028234663852886e38]) },
    )
    const { data, ops } = await runConverted(graph, plainRecipe('pool'), picture(2))
    expect(data).toEqual([1, 10, 1, 2, 20, 1, 3, 30, 1, 4, 40, 1])
    expect(ops).not.toContain('Pad')
  })

  test('Concat and Split work along channels, wherever these are', async () => {
    const graph = tinyGraph(
      1,
      {
        relu: { op: 'Relu', inputs: ['picture'] },
        parts: { op: 'SplitV', inputs: ['relu', 'lengths', 'axis'] },
        turned: { op: 'ConcatV2', inputs: ['parts:1', 'parts:0', 'axis'] },
      },
      { lengths: ints(1, 2), axis: scalar(-1) },
    )
    const { data, ops } = await runConverted(graph, plainRecipe('turned'), [1, 2, 3])
    expect(data).toEqual([2, 3, 1])
    expect(ops.filter(op => op === 'Transpose')).toHaveLength(2)
  })

  test('bilinear resizing keeps the centres of pixels', async () => {
    const attributes = { half_pixel_centers: { b: true } }
    const graph = tinyGraph(
      2,
      { bigger: { op: 'ResizeBilinear', inputs: ['picture', 'size'], attributes } },
      { size: ints(4, 4) },
    )
    const { data } = await runConverted(graph, plainRecipe('bigger'), picture(2))
    expect(data.filter((_, index) => index % 3 === 0).slice(0, 4)).toEqual([1, 1.25, 1.75, 2])
  })

  test('a Transpose there and back costs nothing', async () => {
    const graph = tinyGraph(
      1,
      {
        first: { op: 'Transpose', inputs: ['picture', 'toFirst'] },
        leaky: { op: 'LeakyRelu', inputs: ['first'], attributes: { alpha: { f: 0.5 } } },
        last: { op: 'Transpose', inputs: ['leaky', 'toLast'] },
        conv: { op: 'Conv2D', inputs: ['last', 'kernel'], attributes: windowed(valid, 1) },
        flat: { op: 'Reshape', inputs: ['conv', 'shape'] },
      },
      {
        toFirst: ints(0, 3, 1, 2),
        toLast: ints(0, 2, 3, 1),
        kernel: floats([1, 1, 3, 1], [1, 1, 1]),
        shape: ints(1, -1, 1),
      },
    )
    const { data, ops } = await runConverted(graph, plainRecipe('flat'), [1, 2, 3])
    expect(data).toEqual([6])
    // One makes the picture channels-first; the other gives the Reshape the order that the source had.
    expect(ops.filter(op => op === 'Transpose')).toHaveLength(2)
  })
})

describe('the conversion refuses what it would get wrong', () => {
  const cases = [
    {
      title: 'an operator that it does not know',
      graph: tinyGraph(2, { last: { op: 'Softplus', inputs: ['picture'] } }),
      says: /Softplus is not converted/,
    },
    {
      title: 'SAME padding with a stride, for any size',
      graph: tinyGraph(
        2,
        { last: { op: 'Conv2D', inputs: ['picture', 'kernel'], attributes: windowed(same, 2) } },
        { kernel: sumOfRed(3) },
      ),
      says: /depends on the size/,
    },
    {
      title: 'a reshape to a fixed size, for any size',
      graph: tinyGraph(2, { last: { op: 'Reshape', inputs: ['picture', 'shape'] } }, { shape: ints(1, 12) }),
      says: /fixed size/,
    },
    {
      title: 'an activation that it does not know',
      graph: tinyGraph(
        2,
        {
          last: {
            op: '_FusedConv2D',
            inputs: ['picture', 'kernel'],
            attributes: { ...windowed(valid, 1), fused_ops: { list: { s: [base64('Elu')] } } },
          },
        },
        { kernel: sumOfRed(1) },
      ),
      says: /fused Elu/,
    },
  ]
  for (const { title, graph, says } of cases) {
    test(title, () => expect(() => convert(graph, { ...plainRecipe('last'), anySize: true })).toThrow(says))
  }
})
