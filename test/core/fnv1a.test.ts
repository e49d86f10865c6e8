import { expect, test } from 'vitest'
import { fnv1a, folded } from '../../core/fnv1a.ts'

/** From the reference of the algorithm, draft-eastlake-fnv. */
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('of "%s" is what the reference says, whole and in pieces', (text, expected) => {
  const bytes = Buffer.from(text)
  expect(fnv1a(bytes) >>> 0).toBe(expected)
  const half = bytes.length >> 1
  expect(fnv1a(bytes, half, bytes.length, fnv1a(bytes, 0, half)) >>> 0).toBe(expected)
  expect(folded(fnv1a(bytes))).toBe(((expected >>> 16) ^ expected) & 0xffff)
})
