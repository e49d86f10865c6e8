import type { DayPlan, SitePlan } from './day-plan.ts'

/** The child of a site that combines all its household doors. No building can have this name. */
export const household = '\u0000household'

/** Counts of one place in each part of a day. */
interface Counts {
  /** In the unit of the measure. */
  readonly told: Float64Array
  /** Compared with the smallest number: rows if the measure is a duration, else the same as `told`. */
  readonly weighed: Float64Array
}

/** By site, then by child: everything that could have been counted, including zeros. */
export type Universe = ReadonlyMap<string, ReadonlyMap<string, Counts>>

/** One day in one direction. */
export interface DayUniverse {
  readonly universe: Universe
  /** Sites where everything except the household doors is below the smallest number: the site's count would reveal theirs. */
  readonly alone: ReadonlySet<string>
}

/** Collects the counts of a day; `words` are the children of each site if these are not buildings. */
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
    /** Moves the counts of a household's door, which were added to its building before. */
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

/** Counts of no building in the plan, such as sums of a household's building: they count for the site alone. */
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
