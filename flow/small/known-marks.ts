import { createHash } from 'node:crypto'
import { type HiddenNodes, hideSmall } from '../suppression/hide-small.ts'
import type { DayCounts } from '../suppression/lattice.ts'

export type HideSmall = (day: DayCounts, k: number) => HiddenNodes

/** Total of nodes kept, each a mark and a count: 40 MB at most. */
const maxNodesKept = 4_000_000

/**
 * `hideSmall` with a cache: a day of 600 buildings by hour takes 0.1 s and seldom changes once it is over. The key
 * holds everything that marks depend on, so a day with late data is a different key.
 */
export function createKnownMarks(hide: HideSmall = hideSmall, maxNodes = maxNodesKept): HideSmall {
  /** The most recently used are last. */
  const known = new Map<string, { marks: HiddenNodes; nodes: number }>()
  let kept = 0

  return (day, k) => {
    const key = keyOf(day, k)
    const found = known.get(key)
    if (found !== undefined) {
      known.delete(key)
      known.set(key, found)
      return found.marks
    }
    const marks = hide(day, k)
    const nodes = nodesOf(day)
    known.set(key, { marks, nodes })
    kept += nodes
    for (const [oldest, { nodes: less }] of known) {
      if (kept <= maxNodes) break
      known.delete(oldest)
      kept -= less
    }
    return marks
  }
}

function keyOf({ sites, hourOf }: DayCounts, k: number): string {
  const hash = createHash('sha256').update(JSON.stringify([k, hourOf]))
  for (const { site, always, children } of sites) {
    hash.update(JSON.stringify([site, always, children.map(({ name, always: hidden }) => [name, hidden])]))
    for (const { counts } of children) hash.update(Float64Array.from(counts))
  }
  return hash.digest('base64')
}

function nodesOf({ sites, hourOf }: DayCounts): number {
  const places = sites.reduce((sum, { children }) => sum + children.length + 1, 1)
  return places * (1 + new Set(hourOf).size + hourOf.length)
}
