import type { Cell, CellQuery, Dimension, Store } from '../../ingest/store/store.ts'
import { wordsOf } from '../../ingest/store/store.ts'
import { stepAt } from '../calendar.ts'
import { eachCell } from '../cell-source.ts'
import type { StoredMeasure } from '../measures.ts'
import { maxRows, tooManyRows } from '../row-table.ts'
import type { SmallNumbers } from '../scope.ts'
import type { TimeLevel } from '../suppression/lattice.ts'
import { segmentsOf } from '../zone.ts'
import type { Division } from './small-question.ts'
import { type Day, partMs } from './times.ts'

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

export interface Fetched {
  /** In and out where there are two, each a universe of its own; else ''. */
  readonly directions: readonly string[]
  /** Sites that have nothing but household doors. */
  readonly alone: ReadonlySet<string>
  universe(direction: string, day: number): Universe
}

/** Fetches what all sites counted in these days. Throws FLOW_QUERY_TOO_WIDE; what the store throws. */
export async function fetchDays(
  measure: StoredMeasure,
  division: Division | undefined,
  days: readonly Day[],
  level: TimeLevel,
  small: SmallNumbers,
  store: Store,
): Promise<Fetched> {
  const directed = measure.kind === 'passage' || measure.kind === 'vehicle'
  const segments = days.length === 0 ? [] : segmentsOf(small.zone, days[0]!.from, days.at(-1)!.to)
  const by: Dimension[] = [
    'site',
    ...(division === undefined ? [] : [division]),
    ...(directed ? (['direction'] as const) : []),
  ]
  const query: CellQuery = {
    kind: measure.kind,
    ...(measure.sum === undefined ? {} : { sum: measure.sum }),
    segments,
    stepMs: partMs[level],
    by,
    where: measure.where,
    limit: maxRows + 1,
  }
  const ask = async (where: CellQuery['where'], take: (cell: Cell) => void) => {
    if (days.length === 0) return
    let read = 0
    await eachCell(store, { ...query, where: { ...query.where, ...where } }, cell => {
      if (++read > maxRows) throw tooManyRows()
      take(cell)
    })
  }
  const { households = [] } = small
  const directions = directed ? ['in', 'out'] : ['']
  const known = childrenOf(measure, division, small)
  const universes = new Map<string, Map<string, Map<string, Counts>>>()
  const universe = (direction: string, day: number) => {
    const key = `${day} ${direction}`
    let found = universes.get(key)
    if (found === undefined) {
      const { length } = days[day]!.parts
      found = new Map(
        [...known].map(([site, children]) => [site, new Map(children.map(child => [child, empty(length)]))]),
      )
      universes.set(key, found)
    }
    return found
  }
  const dayStarts = days.map(({ from }) => from)
  const add = ({ segment, localStart, values, count, rows }: Cell, sign: 1 | -1, child: string) => {
    const at = Math.max(localStart - segments[segment]!.offsetMs, segments[segment]!.from)
    const index = stepAt(dayStarts, at)
    const { parts } = days[index]!
    const sites = universe(directed ? values.at(-1)! : '', index)
    const site = values[0]!
    if (!sites.has(site)) sites.set(site, new Map())
    const children = sites.get(site)!
    if (!children.has(child)) children.set(child, empty(parts.length))
    const { told, weighed } = children.get(child)!
    const part = stepAt(parts, at)
    told[part]! += sign * count
    weighed[part]! += sign * (measure.unit === 's' ? rows : count)
  }
  const childOf = ({ values }: Cell) => (division === undefined ? '' : values[1]!)
  await ask({}, cell => add(cell, 1, childOf(cell)))
  // In parts: some servers are asked by URL.
  if (division === 'building')
    for (let at = 0; at < households.length; at += 100)
      await ask({ device: households.slice(at, at + 100).map(({ device }) => device) }, cell => {
        add(cell, -1, childOf(cell))
        add(cell, 1, household)
      })
  return { directions, universe, alone: aloneOf(measure, small) }
}

const empty = (length: number): Counts => ({
  told: new Float64Array(length),
  weighed: new Float64Array(length),
})

/** What reports a kind. */
function standingOf(kind: StoredMeasure['kind']): readonly SmallNumbers['places'][number]['kind'][] {
  if (kind === 'sighting') return ['terminal', 'checkpoint']
  return kind === 'vehicle' ? ['checkpoint'] : ['terminal']
}

function aloneOf({ kind }: StoredMeasure, { places, households = [] }: SmallNumbers): Set<string> {
  const others = places.filter(place => standingOf(kind).includes(place.kind)).map(({ site }) => site)
  return new Set(households.map(({ site }) => site).filter(site => !others.includes(site)))
}

/** All that could be counted, by site: what is not there on a day has a zero, and no zero is told. */
function childrenOf(
  { kind }: StoredMeasure,
  division: Division | undefined,
  { places, households = [] }: SmallNumbers,
): Map<string, string[]> {
  const standing = standingOf(kind)
  const children = new Map<string, Set<string>>()
  const add = (site: string, child: string) => {
    children.set(site, (children.get(site) ?? new Set()).add(child))
  }
  const words = division === undefined || division === 'building' ? [''] : wordsOf(kind, division)!
  for (const { site, building, kind: stands } of places) {
    if (!standing.includes(stands)) continue
    for (const word of division === 'building' ? [building] : words) add(site, word)
  }
  for (const { site } of standing.includes('terminal') ? households : [])
    for (const word of division === 'building' ? [household] : words) add(site, word)
  return new Map([...children].map(([site, names]) => [site, [...names]]))
}
