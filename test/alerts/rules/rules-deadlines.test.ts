import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDeadlines } from '../../../alerts/detect/deadlines.ts'

test('deadlines come in the order of time, and of names at one time', () => {
  const entry = fc.tuple(fc.nat(20), fc.constantFrom('a', 'b', 'c'))
  fc.assert(
    fc.property(fc.array(entry), entries => {
      const deadlines = createDeadlines()
      for (const [due, key] of entries) deadlines.add(due, key)
      const taken = entries.map(() => deadlines.take()!)
      const sorted = [...entries].sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
      expect(taken).toEqual(sorted)
      expect(deadlines.take()).toBeUndefined()
      expect(deadlines.size()).toBe(0)
    }),
  )
})
