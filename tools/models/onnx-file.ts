import type { Attribute, Initializer, OnnxGraph, OnnxNode, Port } from './onnx-graph.ts'
import {
  bytesField,
  type Fields,
  floatField,
  integerField,
  messageField,
  textField,
  toBytes,
} from './protobuf.ts'

/** Numbers of fields and types: onnx/onnx.proto3 of ONNX 1.8, which is IR version 8's. */
const irVersion = 8
export const opset = 13
const types = { float32: 1, uint8: 2, int64: 7, float16: 10 } as const
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const

/** The bytes of a complete model file; the same graph gives the same bytes. */
export function writeModel(
  graph: OnnxGraph,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  return toBytes(
    integerField(1, irVersion),
    textField(2, 'lintel models'),
    messageField(
      7,
      ...graph.nodes.map(node => messageField(1, ...nodeFields(node))),
      textField(2, name),
      ...graph.initializers.map(initializer => messageField(5, ...tensorFields(initializer))),
      ...graph.inputs.map(port => messageField(11, ...portFields(port))),
      ...graph.outputs.map(port => messageField(12, ...portFields(port))),
    ),
    messageField(8, integerField(2, opset)),
    ...Object.entries(metadata).map(([key, value]) =>
      messageField(14, textField(1, key), textField(2, value)),
    ),
  )
}

function nodeFields({ op, name, inputs, outputs, attributes }: OnnxNode): Fields[] {
  return [
    ...inputs.map(input => textField(1, input)),
    ...outputs.map(output => textField(2, output)),
    textField(3, name),
    textField(4, op),
    ...Object.entries(attributes).map(([key, value]) =>
      messageField(5, textField(1, key), ...attributeFields(value)),
    ),
  ]
}

function attributeFields(value: Attribute): Fields[] {
  if (typeof value === 'string') return [textField(4, value), integerField(20, attributeTypes.string)]
  if (typeof value === 'number') return [integerField(3, value), integerField(20, attributeTypes.int)]
  if ('float' in value) return [floatField(2, value.float), integerField(20, attributeTypes.float)]
  return [...value.map(int => integerField(8, int)), integerField(20, attributeTypes.ints)]
}

function tensorFields({ name, type, shape, data }: Initializer): Fields[] {
  return [
    ...shape.map(length => integerField(1, length)),
    integerField(2, types[type]),
    textField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]
}

/** A dimension that is a word may have any length: ONNX calls it a parameter. */
function portFields({ name, type, shape }: Port): Fields[] {
  const dimensions = shape.map(length =>
    messageField(1, typeof length === 'number' ? integerField(1, length) : textField(2, length)),
  )
  return [
    textField(1, name),
    messageField(2, messageField(1, integerField(1, types[type]), messageField(2, ...dimensions))),
  ]
}
