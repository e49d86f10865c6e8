/**
 * Thrift's compact protocol, as far as Parquet's headers need it:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type ThriftValue =
  | { readonly bool: boolean }
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly list: readonly ThriftValue[] }
  | { readonly struct: ThriftStruct }

/** Values by field number, in ascending order. */
export type ThriftStruct = { readonly [field: number]: ThriftValue | undefined }

const stop = 0

export function encodeThrift(struct: ThriftStruct): Buffer {
  const out: number[] = []

  function varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      out.push((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    out.push(rest)
  }
  const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value)

  function typeOf(value: ThriftValue): number {
    if ('bool' in value) return value.bool ? 1 : 2
    if ('i32' in value) return 5
    if ('i64' in value) return 6
    if ('list' in value) return 9
    return 'struct' in value ? 12 : 8
  }

  function write(value: ThriftValue): void {
    if ('i32' in value) zigzag(value.i32)
    else if ('i64' in value) zigzag(value.i64)
    else if ('text' in value) write({ bytes: Buffer.from(value.text) })
    else if ('bytes' in value) {
      varint(value.bytes.length)
      for (const byte of value.bytes) out.push(byte)
    } else if ('list' in value) {
      const type = value.list[0] === undefined ? 12 : typeOf(value.list[0])
      if (value.list.length < 15) out.push((value.list.length << 4) | type)
      else {
        out.push(0xf0 | type)
        varint(value.list.length)
      }
      for (const item of value.list) write(item)
    } else if ('struct' in value) writeStruct(value.struct)
  }

  function writeStruct(fields: ThriftStruct): void {
    let last = 0
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined) continue
      // Parquet's field numbers are never 15 apart, so the difference fits into the byte with the type.
      out.push(((Number(field) - last) << 4) | typeOf(value))
      last = Number(field)
      write(value)
    }
    out.push(stop)
  }

  writeStruct(struct)
  return Buffer.from(out)
}
