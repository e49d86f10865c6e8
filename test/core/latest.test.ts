import { array, assert, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { Latest } from '../../core/latest.ts'

const kept = 5

test('knows the latest keys with their last values, and no more than twice as many', () => {
  const step = record({ key: integer({ min: 0, max: 30 }), value: integer() })
  assert(
    property(array(step, { maxLength: 200 }), steps => {
      const latest = new Latest<number, number>(kept)
      const all = new Map<number, number>()
      for (const { key, value } of steps) {
        latest.set(key, value)
        all.delete(key)
        all.set(key, value)
      }
      const newestFirst = [...all].reverse()
      for (const [key, value] of newestFirst.slice(0, kept)) expect(latest.get(key)).toBe(value)
      const known = newestFirst.filter(([key]) => latest.get(key) !== undefined)
      expect(known.length).toBeLessThanOrEqual(2 * kept)
      for (const [key, value] of known) expect(latest.get(key)).toBe(value)
    }),
  )
})

test('knows nothing more of a key that is deleted', () => {
  const latest = new Latest<number, number>(2)
  for (const key of [1, 2, 3]) latest.set(key, key)
  for (const key of [1, 3]) latest.delete(key)
  expect([1, 2, 3].map(key => latest.get(key))).toEqual([undefined, 2, undefined])
})

test('makes what it does not keep, once, and keeps what is asked for as the latest', () => {
  const latest = new Latest<string, number>(2)
  let made = 0
  const take = (key: string) => latest.take(key, () => ++made)
  expect([take('a'), take('a'), take('b')]).toEqual([1, 1, 2])
  // Asked for again and again, it outlives any number of others.
  for (let n = 0; n < 20; n++) {
    take(`other ${n}`)
    expect(take('a')).toBe(1)
  }
})
