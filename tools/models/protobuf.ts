/**
 * Writes Protocol Buffers, as far as ONNX needs them: fields of a message, in order, as bytes.
 * https://protobuf.dev/programming-guides/encoding/
 */
const wireVarint = 0
const wireBytes = 2
const wireFixed32 = 5

export type Fields = readonly Uint8Array[]

function varint(value: number | bigint): Uint8Array {
  // Negative numbers take ten bytes: two's complement of 64 bits.
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return Uint8Array.from(bytes)
}

const key = (field: number, wire: number) => varint((field << 3) | wire)

export function integerField(field: number, value: number | bigint): Fields {
  return [key(field, wireVarint), varint(value)]
}

export function floatField(field: number, value: number): Fields {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return [key(field, wireFixed32), bytes]
}

export function bytesField(field: number, bytes: Uint8Array): Fields {
  return [key(field, wireBytes), varint(bytes.length), bytes]
}

export function textField(field: number, text: string): Fields {
  return bytesField(field, new TextEncoder().encode(text))
}

export function messageField(field: number, ...fields: readonly Fields[]): Fields {
  const content = fields.flat()
  return [key(field, wireBytes), varint(content.reduce((total, part) => total + part.length, 0)), ...content]
}

export function toBytes(...fields: readonly Fields[]): Uint8Array {
  return Buffer.concat(fields.flat())
}
