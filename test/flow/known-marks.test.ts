import { expect, test } from 'vitest'
import { createKnownMarks } from '../../flow/small/known-marks.ts'
import type { DayCounts } from '../../flow/suppression/lattice.ts'

const day = (counts: readonly number[], change: Partial<DayCounts['sites'][number]> = {}): DayCounts => ({
  hourOf: [0, 1],
  sites: [{ site: 'a', children: [{ name: 'a1', counts: Float64Array.from(counts) }], ...change }],
})
const marks = { isHidden: () => true }

/** How often marks are made when these days are asked for in turn. */
function made(days: readonly (readonly [DayCounts, number])[], maxNodes?: number): number {
  let n = 0
  const hide = createKnownMarks(() => {
    n++
    return marks
  }, maxNodes)
  for (const [one, k] of days) expect(hide(one, k)).toBe(marks)
  return n
}

const cases: { title: string; days: (readonly [DayCounts, number])[]; maxNodes?: number; makes: number }[] = [
  { title: 'the same day', days: [[day([5, 7]), 3], [day([5, 7]), 3]], makes: 1 },
  { title: 'other counts', days: [[day([5, 7]), 3], [day([7, 5]), 3]], makes: 2 },
  { title: 'another least number', days: [[day([5, 7]), 3], [day([5, 7]), 4]], makes: 2 },
  { title: 'a site of another name', days: [[day([5, 7]), 3], [day([5, 7], { site: 'b' }), 3]], makes: 2 },
  { title: 'a site that is always hidden', days: [[day([5, 7]), 3], [day([5, 7], { always: 'hidden' }), 3]], makes: 2 },
  { title: 'the one used last, of two where there is room for one more', days: [[day([1, 1]), 3], [day([2, 2]), 3], [day([1, 1]), 3], [day([3, 3]), 3], [day([1, 1]), 3]], maxNodes: 30, makes: 3 },
  { title: 'more than there is room for', days: [[day([1, 1]), 3], [day([2, 2]), 3], [day([1, 1]), 3]], maxNodes: 15, makes: 3 },
] // biome-ignore format: a table
for (const { title, days, maxNodes, makes } of cases)
  test(`marks are made ${makes === 1 ? 'once' : `${makes} times`} for ${title}`, () => {
    expect(made(days, maxNodes)).toBe(makes)
  })
