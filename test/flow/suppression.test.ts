import { assert, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../devices/town/random.ts'
import { hideSmall } from '../../flow/suppression/hide-small.ts'
import type { DayCounts } from '../../flow/suppression/lattice.ts'
import { expectSafe, isHidden, nameOf, nodesOf } from './suppression-adversary.ts'
import { type Case, smallDays } from './suppression-days.ts'

/** Thousands of answers of an exact solver, also where the machine has much else to do. */
const timeout = 150_000
const leavesOf = (day: DayCounts) =>
  day.hourOf.length * day.sites.reduce((sum, { children }) => sum + children.length, 0)
describe('what is told of a day', () => {
  test('leaves every hidden number open by k or more to whoever adds up all shown ones', { timeout }, () => {
    const safe = ({ day, k }: Case) => {
      const marks = hideSmall(day, k)
      const nodes = nodesOf(day)
      const hidden = nodes.filter(node => isHidden(marks, node))
      expectSafe(hidden, nodes.filter(node => !isHidden(marks, node)), leavesOf(day), k) // biome-ignore format: one line
    }
    assert(property(smallDays({ sites: 4, children: 5, hours: 4, parts: 4 }), safe), { numRuns: 120 })
    assert(property(smallDays({ sites: 2, children: 3, hours: 3, parts: 2 }), safe), { numRuns: 300 })
    // Tables large enough that blocks are cut.
    assert(property(smallDays({ sites: 2, children: 6, hours: 7, parts: 2 }), safe), { numRuns: 60 })
  })
})

/** The same day with parts put together, as `to` says for each, and children of a site, if so asked. */
function coarser(
  { sites }: DayCounts,
  to: readonly number[],
  hourOf: readonly number[],
  sitesOnly: boolean,
): DayCounts {
  const sum = (rows: readonly ArrayLike<number>[]) => {
    const counts = new Float64Array(hourOf.length)
    for (const row of rows) for (const [index, part] of to.entries()) counts[part]! += row[index]!
    return counts
  }
  return {
    hourOf,
    sites: sites.map(site => ({
      ...site,
      children: sitesOnly
        ? [{ name: '', counts: sum(site.children.map(({ counts }) => counts)) }]
        : site.children.map(child => ({ ...child, counts: sum([child.counts]) })),
    })),
  }
}

describe('the mark of a node', () => {
  const days = smallDays({ sites: 4, children: 5, hours: 5, parts: 4 })

  test('is the same however fine the question is', { timeout }, () => {
    assert(
      property(days, ({ day, k }) => {
        const fine = hideSmall(day, k)
        const hours = [...new Set(day.hourOf)]
        const asked = [
          { levels: ['day'], of: coarser(day, day.hourOf.map(() => 0), [0], false) },
          { levels: ['day'], of: coarser(day, day.hourOf.map(() => 0), [0], true) },
          { levels: ['day', 'hour'], of: coarser(day, day.hourOf, hours, false) },
          { levels: ['day', 'hour'], of: coarser(day, day.hourOf, hours, true) },
          { levels: ['day', 'hour', 'part'], of: coarser(day, [...day.hourOf.keys()], day.hourOf, true) },
        ] // biome-ignore format: a table
        for (const { levels, of } of asked) {
          const coarse = hideSmall(of, k)
          for (const node of nodesOf(of)) {
            if (!levels.includes(node.level)) continue
            const { child, ...ofSite } = node
            const same = child === '' ? ofSite : node
            expect(isHidden(coarse, node), nameOf(node)).toBe(isHidden(fine, same))
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same in whatever order sites and children come', { timeout }, () => {
    assert(
      property(days, ({ day, k }) => {
        const turned: DayCounts = {
          ...day,
          sites: day.sites.map(site => ({ ...site, children: site.children.toReversed() })).toReversed(),
        }
        const marks = hideSmall(day, k)
        const others = hideSmall(turned, k)
        for (const node of nodesOf(day)) expect(isHidden(others, node)).toBe(isHidden(marks, node))
      }),
      { numRuns: 300 },
    )
  })
})

/** Sites of buildings with counts by hour. */
function dayOf(sites: Record<string, Record<string, readonly number[]>>): DayCounts {
  const all = Object.entries(sites)
  const hours = Object.values(all[0]![1])[0]!.length
  return {
    hourOf: [...new Array(hours).keys()],
    sites: all.map(([site, children]) => ({
      site,
      children: Object.entries(children).map(([name, counts]) => ({ name, counts })),
    })),
  }
}

function hiddenOf(day: DayCounts): string[] {
  const marks = hideSmall(day, 10)
  const nodes = nodesOf(day).filter(node => node.level !== 'part' && isHidden(marks, node))
  return nodes.map(({ level, index, site = 'town', child }) =>
    [child ?? site, ...(level === 'hour' ? [index] : [])].join(' '),
  )
}

describe('a day', () => {
  test('of a single building hides a single small hour and the next smallest, at every level alike', () => {
    const hours = ['1', '3']
    expect(hiddenOf(dayOf({ elm: { a: [50, 4, 30, 20] } }))).toEqual(
      ['town', 'elm', 'a'].flatMap(place => hours.map(hour => `${place} ${hour}`)),
    )
  })

  test('on which nothing happened tells nothing', () => {
    const day = dayOf({ elm: { a: [0, 0], b: [0, 0] } })
    expect(hiddenOf(day)).toHaveLength(nodesOf(day).filter(({ level }) => level !== 'part').length)
  })

  test('of one large building among tiny ones tells the site, and the large one if the tiny ones add up', () => {
    const tiny = { b: [2, 0], c: [1, 1] }
    expect(hiddenOf(dayOf({ elm: { a: [300, 200], ...tiny } })).filter(name => !/\d/.test(name))).toEqual(['a', 'b', 'c']) // biome-ignore format: one line
    expect(hiddenOf(dayOf({ elm: { a: [300, 200], ...tiny, d: [3, 4] } })).filter(name => !/\d/.test(name))).toEqual(['b', 'c', 'd']) // biome-ignore format: one line
  })

  test('of two sites of which one is tiny tells the town only', () => {
    const hidden = hiddenOf(dayOf({ elm: { a: [300, 200] }, oak: { b: [2, 3] } }))
    expect(hidden).toContain('elm')
    expect(hidden).toContain('oak')
    expect(hidden.filter(name => name.startsWith('town'))).toEqual([])
  })

  test('with a lull at one building hides four cells', () => {
    const busy = Array.from({ length: 20 }, (_, building) => [`b${building}`, [60, 40 + building, 50, 70]])
    const day = dayOf({ elm: { ...Object.fromEntries(busy), b7: [60, 47, 2, 70] } })
    expect(hiddenOf(day)).toEqual(['b0 1', 'b0 2', 'b7 1', 'b7 2'])
  })

  test('never tells of household doors, nor of a place that it does not know', () => {
    const { hourOf, sites } = dayOf({ elm: { a: [60, 40], b: [80, 70], doors: [30, 20] } })
    const children = sites[0]!.children.map(child =>
      child.name === 'doors' ? { ...child, always: 'hidden' as const } : child,
    )
    const day = { hourOf, sites: [{ site: 'elm', children }] }
    expect(hiddenOf(day).filter(name => !/\d/.test(name))).toEqual(['a', 'doors'])
    expect(hideSmall(day, 10).isHidden('day', 0, 'elm', 'z')).toBe(true)
    expect(hideSmall(day, 10).isHidden('day', 0, 'oak')).toBe(true)
  })
})

/** Two rush hours and quiet nights. */
const rhythm = [0.03, 0.02, 0.02, 0.02, 0.05, 0.2, 0.6, 1.8, 1.9, 0.9, 0.6, 0.6, 0.7, 0.6, 0.6, 0.7, 1, 2, 2.2, 1.5, 0.9, 0.6, 0.3, 0.1] // biome-ignore format: a day

function townDay(buildings: number, quietest: number, busiest: number, seed: number): DayCounts {
  const random = createRandom('suppression', seed)
  const whole = rhythm.reduce((sum, share) => sum + share, 0)
  const children = Array.from({ length: buildings }, (_, index) => {
    const mean = random.between(quietest, busiest)
    return { name: `b${index}`, counts: rhythm.map(share => random.poisson((mean * share) / whole)) }
  })
  return { hourOf: [...rhythm.keys()], sites: [{ site: 'elm', children }] }
}

describe('of a town-like day', () => {
  /** Shares of all events that lie in shown hours of buildings, and of sites; and in cells of k or more. */
  function shares(quietest: number, busiest: number) {
    const sums = { all: 0, shown: 0, large: 0, ofSites: 0 }
    for (let seed = 0; seed < 10; seed++) {
      const day = townDay(20, quietest, busiest, seed)
      const marks = hideSmall(day, 10)
      for (const node of nodesOf(day)) {
        if (node.level !== 'hour' || node.site === undefined) continue
        const shown = isHidden(marks, node) ? 0 : node.count
        if (node.child === undefined) sums.ofSites += shown
        else {
          sums.all += node.count
          sums.shown += shown
          if (node.count >= 10) sums.large += node.count
        }
      }
    }
    return { shown: sums.shown / sums.all, large: sums.large / sums.all, ofSites: sums.ofSites / sums.all }
  }

  test('nine tenths of the events are told by building and hour where buildings have 300 to 800 a day', () => {
    const { shown, large } = shares(300, 800)
    expect(shown).toBeGreaterThan(0.9)
    expect(large - shown).toBeLessThan(0.06)
  })

  test('seven tenths are where they have 100 to 400, and a seventh cannot be, being small', () => {
    const { shown, large, ofSites } = shares(100, 400)
    expect(shown).toBeGreaterThan(0.7)
    expect(large).toBeLessThan(0.88)
    expect(ofSites).toBeGreaterThan(0.97)
  })
})
