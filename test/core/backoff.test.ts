import { assert, double, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from '../../core/backoff.ts'

const limits = { firstMs: 200, maxMs: 30_000 }

const cases = [
  { attempt: 1, random: 0, want: 100 },
  { attempt: 1, random: 0.999_999, want: 200 },
  { attempt: 2, random: 0, want: 200 },
  { attempt: 4, random: 0.5, want: 1200 },
  { attempt: 8, random: 0, want: 12_800 },
  { attempt: 9, random: 0, want: 15_000 },
  { attempt: 1_000_000, random: 0.999_999, want: 30_000 },
]
for (const { attempt, random, want } of cases) {
  test(`try ${attempt} with ${random} of luck waits ${want} ms`, () => {
    expect(backoffMs(attempt, limits, random)).toBe(want)
  })
}

test('a wait is never past its limit and never less than half of what it could be', () => {
  assert(
    property(
      integer({ min: 1, max: 100 }),
      double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const ms = backoffMs(attempt, limits, random)
        expect(ms).toBeLessThanOrEqual(limits.maxMs)
        expect(ms).toBeGreaterThanOrEqual(backoffMs(attempt, limits, 0))
        expect(backoffMs(attempt + 1, limits, 0)).toBeGreaterThanOrEqual(backoffMs(attempt, limits, 0))
      },
    ),
  )
})
