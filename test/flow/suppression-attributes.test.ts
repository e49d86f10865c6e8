import { array, assert, integer, property } from 'fast-check'
import { test } from 'vitest'
import { hideSmall } from '../../flow/suppression/hide-small.ts'
import { expectSafe, isHidden, nodesOf } from './suppression-adversary.ts'

/** An event's site, building, value of an attribute, value of another, and part of the day. */
type Leaf = readonly [site: string, building: string, method: string, holder: string, part: number]

const hourOf = [0, 0, 1, 1]
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const leaves: Leaf[] = names('s', 2).flatMap(site =>
  names('b', 2).flatMap(building =>
    names('m', 2).flatMap(method =>
      names('h', 2).flatMap(holder => hourOf.map((_, part): Leaf => [site, building, method, holder, part])),
    ),
  ),
)

/** The nodes of the lattice whose children are what stands at `at` in a leaf, over the leaves of all lattices. */
function nodesBy(at: 1 | 2 | 3, counts: readonly number[], k: number) {
  /** Leaves of this lattice: of each, those of all that are summed in it. */
  const summed: number[][] = []
  const sites = names('s', 2).map(site => ({
    site,
    children: [...new Set(leaves.map(leaf => leaf[at]))].map(name => ({
      name,
      counts: hourOf.map((_, part) => {
        const inside = [...leaves.keys()].filter(index => {
          const leaf = leaves[index]!
          return leaf[0] === site && leaf[at] === name && leaf[4] === part
        })
        summed.push(inside)
        return inside.reduce((sum, index) => sum + counts[index]!, 0)
      }),
    })),
  }))
  const day = { hourOf, sites }
  const marks = hideSmall(day, k)
  return nodesOf(day).map(node => ({
    ...node,
    leaves: node.leaves.flatMap(index => summed[index]!),
    hidden: isHidden(marks, node),
  }))
}

test('what is told by building and by each of two attributes is as safe together as alone', () => {
  const count = integer({ min: 0, max: 5 })
  const events = array(count, { minLength: leaves.length, maxLength: leaves.length })
  assert(
    property(events, integer({ min: 3, max: 10 }), (counts, k) => {
      const nodes = ([1, 2, 3] as const).flatMap(at => nodesBy(at, counts, k))
      const hidden = nodes.filter(node => node.hidden)
      expectSafe(hidden, nodes.filter(node => !node.hidden), leaves.length, k) // biome-ignore format: one line
    }),
    { numRuns: 8 },
  )
})
