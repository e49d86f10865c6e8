import type { DayCounts } from '../suppression/lattice.ts'
import { household, type Universe } from './day-universe.ts'
import type { Day, TimeNode } from './times.ts'

/** A place for which numbers are shown; without a site, the town. */
export interface PlaceNode {
  readonly site?: string
  readonly child?: string
}

/** Which places an answer consists of. */
export interface PlaceCover {
  readonly detail: 'town' | 'site' | 'child'
  readonly takesSite: (site: string) => boolean
  readonly takesChild: (child: string) => boolean
}

export function coverPlaces(universe: Universe, { detail, takesSite, takesChild }: PlaceCover): PlaceNode[] {
  if (detail === 'town') return [{}]
  const sites = [...universe].filter(([site]) => takesSite(site))
  if (detail === 'site') return sites.map(([site]) => ({ site }))
  return sites.flatMap(([site, children]) =>
    [...children.keys()]
      .filter(child => child !== household && takesChild(child))
      .map(child => ({ site, child })),
  )
}

export function countOf(universe: Universe, { site, child }: PlaceNode, { first, last }: TimeNode): number {
  let count = 0
  for (const children of site === undefined ? universe.values() : [universe.get(site)!]) {
    for (const { told } of child === undefined ? children.values() : [children.get(child)!])
      for (let part = first; part < last; part++) count += told[part]!
  }
  return count
}

/** One day of a universe, in the form that marks are computed from. */
export const latticeOf = (universe: Universe, { hourOf }: Day, alone: ReadonlySet<string>): DayCounts => ({
  hourOf,
  sites: [...universe].map(([site, children]) => ({
    site,
    ...(alone.has(site) ? { always: 'hidden' as const } : {}),
    children: [...children].map(([name, { weighed }]) => ({
      name,
      ...(name === household ? { always: 'hidden' as const } : {}),
      counts: weighed,
    })),
  })),
})
