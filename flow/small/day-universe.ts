import type { DayPlan, SitePlan } from './day-plan.ts'

/** The child of a site that all its household doors are. No building can have this name. */
export const household = '\u0000household'

/** What one place counted in each part of a day. */
interface Counts {
  /** In the unit of the measure. */
  readonly told: Float64Array
  /** What is held against the least number: rows where a duration is told, else the same. */
  readonly weighed: Float64Array
}

/** By site, then by child: all that could have been counted, with zeros too. */
export type Universe = ReadonlyMap<string, ReadonlyMap<string, Counts>>

/** A day in one direction. */
export interface DayUniverse {
  readonly universe: Universe
  /** Sites where all but the doors of households comes to less than the least number: theirs would be told by the site's. */
  readonly alone: ReadonlySet<string>
}

/** Puts together what is counted on a day; `words` are the children of each site where these are no buildings. */
export function createDayUniverse(parts: number, plan: DayPlan, words: readonly string[] | undefined) {
  const sites = new Map<string, Map<string, Counts>>()
  const ofHouseholds = new Map<string, number>()

  function add(site: string, child: string, part: number, told: number, weighed: number): void {
    const children = sites.get(site) ?? new Map<string, Counts>()
    sites.set(site, children)
    const counts = children.get(child) ?? empty(parts)
    children.set(child, counts)
    counts.told[part]! += told
    counts.weighed[part]! += weighed
  }

  const childrenOf = ({ buildings, hasHouseholds }: SitePlan) =>
    words ?? [...buildings, ...(hasHouseholds ? [household] : [])]

  return {
    add,
    /** Of a household's door, counted as its building's before. */
    addHousehold(site: string, child: string, part: number, told: number, weighed: number): void {
      ofHouseholds.set(site, (ofHouseholds.get(site) ?? 0) + weighed)
      if (words !== undefined) return
      add(site, child, part, -told, -weighed)
      add(site, household, part, told, weighed)
    },
    done(k: number): DayUniverse {
      const universe = new Map<string, Map<string, Counts>>()
      const alone = new Set<string>()
      for (const [site, sitePlan] of plan.sites) {
        const counted = sites.get(site) ?? new Map<string, Counts>()
        const children = new Map(
          childrenOf(sitePlan).map(child => [child, counted.get(child) ?? empty(parts)]),
        )
        for (const [child, counts] of counted) if (!children.has(child)) keepApart(children, counts, parts)
        universe.set(site, children)
        if (!sitePlan.hasHouseholds) continue
        const all = [...children.values()].reduce((sum, { weighed }) => sum + total(weighed), 0)
        const others = all - (ofHouseholds.get(site) ?? 0)
        if (sitePlan.buildings.size === 0 || (!plan.isOfSums && others < k)) alone.add(site)
      }
      return { universe, alone }
    },
  }
}

/** What is of no building that counts, as in sums of a household's building: it is the site's alone. */
function keepApart(children: Map<string, Counts>, { told, weighed }: Counts, parts: number): void {
  if (total(weighed) === 0 && total(told) === 0) return
  const apart = children.get(household) ?? empty(parts)
  children.set(household, apart)
  for (let part = 0; part < parts; part++) {
    apart.told[part]! += told[part]!
    apart.weighed[part]! += weighed[part]!
  }
}

const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0)
const empty = (parts: number): Counts => ({
  told: new Float64Array(parts),
  weighed: new Float64Array(parts),
})
