import type { CountedWhere, FlowDimension } from './measures.ts'

const places = ['site', 'building', 'point'] as const
type Place = (typeof places)[number]

/** Places within which a name is unique: every estate has a building 1, every building a front door, every gate a lane 1. */
const uniqueIn: { readonly [D in FlowDimension]?: readonly Place[] } = {
  building: ['site'],
  point: ['site', 'building'],
  lane: ['site', 'building', 'point'],
}

/**
 * The dimensions of the rows, so that no row adds up places that only share a name: a dimension of names also brings
 * those in which its names are unique. A filter does so too, unless it says which place it means.
 */
export function withPlaces(by: readonly FlowDimension[], filter: CountedWhere): readonly FlowDimension[] {
  const open = Object.keys(filter)
    .flatMap(dimension => uniqueIn[dimension as FlowDimension] ?? [])
    .filter(place => filter[place]?.length !== 1 && !by.includes(place))
  const told = new Set<FlowDimension>()
  for (const dimension of [...places.filter(place => open.includes(place)), ...by]) {
    for (const place of uniqueIn[dimension] ?? []) if (!by.includes(place)) told.add(place)
    told.add(dimension)
  }
  return [...told]
}
