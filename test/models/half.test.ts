import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHalf, toExactHalf } from '../../tools/models/half.ts'
import { integerField, toBytes } from '../../tools/models/protobuf.ts'

test('every half is found again by its number, except those that are no number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), bits => {
      const value = fromHalf(bits)
      if (!Number.isNaN(value)) expect(toExactHalf(value)).toBe(bits)
    }),
  )
})

test('halves are read as the standard says', () => {
  expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00].map(fromHalf)).toEqual([
    1,
    -2,
    65504,
    2 ** -24,
    Number.POSITIVE_INFINITY,
  ])
})

test('a number that is no half is not made one', () => {
  expect(toExactHalf(0.1)).toBeUndefined()
  expect(toExactHalf(1e6)).toBeUndefined()
})

test('a negative integer takes ten bytes', () => {
  expect(Array.from(toBytes(integerField(1, -1)))).toEqual([8, ...Array<number>(9).fill(255), 1])
  expect(Array.from(toBytes(integerField(1, 300)))).toEqual([8, 0xac, 2])
})
