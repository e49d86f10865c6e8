/**
 * Flatbuffers, as far as the heads of Arrow need them: https://flatbuffers.dev/internals/. Written from the front:
 * a table, then what it refers to.
 */
export type Flat =
  | { readonly u8: number }
  | { readonly i16: number }
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly text: string }
  | { readonly table: FlatTable }
  | { readonly tables: readonly FlatTable[] }
  /** Structs of 64 bits each, so many numbers a struct. */
  | { readonly structs: readonly (readonly number[])[] }

/** Values in the order of the schema's fields; undefined where one has its default. */
export type FlatTable = readonly (Flat | undefined)[]

type Reference = Exclude<Flat, { u8: number } | { i16: number } | { i32: number } | { i64: number }>

export function encodeFlatbuffer(root: FlatTable): Buffer {
  let bytes = Buffer.alloc(1024)
  let end = 4

  function reserve(length: number, alignment: number): number {
    const at = Math.ceil(end / alignment) * alignment
    end = at + length
    while (end > bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)])
    return at
  }

  function writeTable(fields: FlatTable): number {
    const widths = fields.map(field => (field === undefined ? 0 : widthOf(field)))
    const vtable = reserve(4 + 2 * fields.length, 2)
    // The widest field first: then none needs a gap, once the first is in its place.
    const order = [...fields.keys()].filter(i => widths[i]! > 0).sort((a, b) => widths[b]! - widths[a]!)
    const first = order.length > 0 && widths[order[0]!] === 8 ? 8 : 4
    const size = first + widths.reduce((sum, width) => sum + width, 0)
    const table = reserve(size, 8)
    bytes.writeUInt16LE(4 + 2 * fields.length, vtable)
    bytes.writeUInt16LE(size, vtable + 2)
    bytes.writeInt32LE(table - vtable, table)
    const references: [at: number, value: Reference][] = []
    let offset = first
    for (const index of order) {
      bytes.writeUInt16LE(offset, vtable + 4 + 2 * index)
      writeField(fields[index]!, table + offset, references)
      offset += widths[index]!
    }
    for (const [at, value] of references) {
      const target = writeReference(value)
      bytes.writeUInt32LE(target - at, at)
    }
    return table
  }

  function writeField(value: Flat, at: number, references: [number, Reference][]): void {
    if ('u8' in value) bytes[at] = value.u8
    else if ('i16' in value) bytes.writeInt16LE(value.i16, at)
    else if ('i32' in value) bytes.writeInt32LE(value.i32, at)
    else if ('i64' in value) bytes.writeBigInt64LE(BigInt(value.i64), at)
    else references.push([at, value])
  }

  function writeReference(value: Reference): number {
    if ('table' in value) return writeTable(value.table)
    if ('text' in value) {
      const length = Buffer.byteLength(value.text)
      const at = reserve(4 + length + 1, 4)
      bytes.writeUInt32LE(length, at)
      bytes.write(value.text, at + 4)
      return at
    }
    if ('structs' in value) {
      const numbers = value.structs.flat()
      // The length stands right before the first, which is at a multiple of 8.
      const at = reserve(8 + 8 * numbers.length, 8) + 4
      bytes.writeUInt32LE(value.structs.length, at)
      for (const [index, number] of numbers.entries())
        bytes.writeBigInt64LE(BigInt(number), at + 4 + 8 * index)
      return at
    }
    const at = reserve(4 + 4 * value.tables.length, 4)
    bytes.writeUInt32LE(value.tables.length, at)
    for (const [index, table] of value.tables.entries()) {
      const slot = at + 4 + 4 * index
      const target = writeTable(table)
      bytes.writeUInt32LE(target - slot, slot)
    }
    return at
  }

  const table = writeTable(root)
  bytes.writeUInt32LE(table, 0)
  return bytes.subarray(0, Math.ceil(end / 8) * 8)
}

function widthOf(value: Flat): number {
  if ('u8' in value) return 1
  if ('i16' in value) return 2
  return 'i64' in value ? 8 : 4
}
