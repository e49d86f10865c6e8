import { fnv1a, folded } from '../../core/fnv1a.ts'
import { unknownContent } from './content.ts'

const row = Buffer.alloc(10)
const rowWithoutContent = 6
const checkBytes = 2

/** Lengths of a value that has a check: with the content of the event and, as older versions wrote it, without. */
export const rememberedRowBytes: readonly number[] = [row.length, rowWithoutContent]

/**
 * The value of a remembered id: u16 BE the day, u16 BE the part of that day, u32 BE the content (content.ts), u16 BE a
 * check of these and the key. Valid until the next call.
 */
export function rememberedRow(key: Buffer, day: number, lap: number, content: number): Buffer {
  row.writeUInt16BE(day, 0)
  row.writeUInt16BE(lap, 2)
  row.writeUInt32BE(content, 4)
  row.writeUInt16BE(checkOf(key, row), 8)
  return row
}

/**
 * True if the row is intact. Older versions wrote the day alone, or the day and its part if that is not the first,
 * without a check; or both with a check, without the content.
 */
export function isRememberedRow(
  key: Buffer,
  value: Buffer,
  { mustBeChecked }: { mustBeChecked: boolean },
): boolean {
  if (key.length < 5) return false
  if (value.length === 2 || value.length === 4) return !mustBeChecked
  const isChecked = value.length === row.length || value.length === rowWithoutContent
  return isChecked && value.readUInt16BE(value.length - checkBytes) === checkOf(key, value)
}

export const dayOf = (value: Buffer) => value.readUInt16BE(0)
export const lapOf = (value: Buffer) => (value.length > 2 ? value.readUInt16BE(2) : 0)
export const contentIn = (value: Buffer) =>
  value.length === row.length ? value.readUInt32BE(4) : unknownContent

/** The key of an event whose id was already that of another; no id has a NUL. */
export function otherKey(key: Buffer, content: number): Buffer {
  const other = Buffer.alloc(key.length + 5)
  key.copy(other)
  other.writeUInt32BE(content, key.length + 1)
  return other
}

/** Only 16 bits, since millions of ids are remembered. */
const checkOf = (key: Buffer, value: Buffer) => folded(fnv1a(value, 0, value.length - checkBytes, fnv1a(key)))
