/** Counts of one day in one universe: one measure in one direction. */
export interface DayCounts {
  /** Every site that could have been counted, in any order, including zeros: leaving a place out would reveal its zero. */
  readonly sites: readonly SiteCounts[]
  /** For each part of the day, the hour that contains it: 0, 1, … in order. For a whole day, [0]. */
  readonly hourOf: readonly number[]
}

export interface SiteCounts {
  readonly site: string
  /** For a site with household doors only: it counts the same as its only child. */
  readonly always?: 'hidden'
  /** Buildings, or values of one attribute; a single child of any name if only sites are asked for. */
  readonly children: readonly ChildCounts[]
}

export interface ChildCounts {
  readonly name: string
  /** Hidden whatever it counts: the household doors of a site. */
  readonly always?: 'hidden'
  /** Rows counted in each part of the day. */
  readonly counts: ArrayLike<number>
}

/** Nodes by number, parents before children; node 0 is the root. */
export interface Tree {
  readonly children: readonly (readonly number[])[]
}

/** Places (town ⊃ sites ⊃ children) × times (day ⊃ hours ⊃ parts). */
export interface Lattice {
  readonly places: Tree
  readonly times: Tree
  /** Places that are hidden whatever they count. */
  readonly always: ReadonlySet<number>
  /** [places, times]. */
  readonly counts: Float64Array
  /** Undefined for a place that does not exist; without arguments, the town. */
  place(site?: string, child?: string): number | undefined
  time(level: TimeLevel, index: number): number
}

export type TimeLevel = 'day' | 'hour' | 'part'

/** Sorted by name, so that no mark depends on the order of places. */
export function createLattice(day: DayCounts): Lattice {
  const { hourOf } = day
  const hours = (hourOf.at(-1) ?? -1) + 1
  const timeChildren: number[][] = Array.from({ length: 1 + hours + hourOf.length }, () => [])
  for (let hour = 0; hour < hours; hour++) timeChildren[0]!.push(1 + hour)
  hourOf.forEach((hour, part) => {
    timeChildren[1 + hour]!.push(1 + hours + part)
  })

  const places: number[][] = [[]]
  const always = new Set<number>()
  const siteNodes = new Map<string, number>()
  const childNodes: Map<string, number>[] = []
  const leaves: { node: number; parent: number; counts: ArrayLike<number> }[] = []
  const addPlace = (parent: number, hidden: boolean): number => {
    const node = places.push([]) - 1
    places[parent]!.push(node)
    if (hidden) always.add(node)
    return node
  }
  const sites = [...day.sites].sort((a, b) => (a.site < b.site ? -1 : 1))
  for (const { site, always } of sites) siteNodes.set(site, addPlace(0, always === 'hidden'))
  for (const { site, children } of sites) {
    const parent = siteNodes.get(site)!
    const nodes = new Map<string, number>()
    childNodes[parent] = nodes
    for (const { name, always, counts } of [...children].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const node = addPlace(parent, always === 'hidden')
      nodes.set(name, node)
      leaves.push({ node, parent, counts })
    }
  }

  const stride = timeChildren.length
  const counts = new Float64Array(places.length * stride)
  for (const { node, parent, counts: parts } of leaves) {
    for (let part = 0; part < hourOf.length; part++) {
      const count = parts[part]!
      if (count === 0) continue
      for (const place of [0, parent, node]) {
        const at = place * stride
        counts[at]! += count
        counts[at + 1 + hourOf[part]!]! += count
        counts[at + 1 + hours + part]! += count
      }
    }
  }
  return {
    places: { children: places },
    times: { children: timeChildren },
    always,
    counts,
    place(site, child) {
      if (site === undefined) return 0
      const node = siteNodes.get(site)
      return child === undefined || node === undefined ? node : childNodes[node]!.get(child)
    },
    time: (level, index) => (level === 'day' ? 0 : level === 'hour' ? 1 + index : 1 + hours + index),
  }
}
