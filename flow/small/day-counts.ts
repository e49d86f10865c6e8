import type { DeviceId } from '../../core/words.ts'
import { type Cell, type CellQuery, type Dimension, type Store, wordsOf } from '../../ingest/store/store.ts'
import { stepAt } from '../calendar.ts'
import { eachCell } from '../cell-source.ts'
import type { StoredMeasure } from '../measures.ts'
import { maxRows, tooManyRows } from '../row-table.ts'
import type { SmallNumbers } from '../scope.ts'
import type { TimeLevel } from '../suppression/lattice.ts'
import { segmentsOf } from '../zone.ts'
import { createDayPlans, type DayPlan } from './day-plan.ts'
import { createDayUniverse, type DayUniverse } from './day-universe.ts'
import type { Division } from './small-question.ts'
import { type Day, partMs } from './times.ts'

export interface Fetched {
  /** In and out if there are two, each a universe of its own; else ''. */
  readonly directions: readonly string[]
  /** How each day is shown. */
  readonly plans: readonly DayPlan[]
  of(direction: string, day: number): DayUniverse
}

/** Names per query: some servers are asked by URL. */
const namesAtOnce = 100

/** Reads what all sites counted on these days. Throws FLOW_QUERY_TOO_WIDE, and what the store throws. */
export async function fetchDays(
  measure: StoredMeasure,
  division: Division | undefined,
  days: readonly Day[],
  level: TimeLevel,
  small: SmallNumbers,
  store: Store,
): Promise<Fetched> {
  const { kind, sum, where, unit } = measure
  const { plans, households, absent } = await createDayPlans(days, kind, division, small)
  const directed = kind === 'passage' || kind === 'vehicle'
  const directions = directed ? ['in', 'out'] : ['']
  const words = division === undefined ? [''] : division === 'building' ? undefined : wordsOf(kind, division)!
  const universes = days.map(
    ({ parts }, index) =>
      new Map(
        directions.map(direction => [direction, createDayUniverse(parts.length, plans[index]!, words)]),
      ),
  )
  const segments = segmentsFor(days, plans, small.zone)
  const dayStarts = days.map(({ from }) => from)

  /** Groups by these place dimensions, then by the division and the direction if there are any. */
  async function ask(
    by: readonly Dimension[],
    only: CellQuery['where'],
    take: (cell: Cell) => void,
  ): Promise<void> {
    if (days.length === 0) return
    let read = 0
    const query: CellQuery = {
      kind,
      ...(sum === undefined ? {} : { sum }),
      segments,
      stepMs: partMs[level],
      by: [...by, ...(division === undefined ? [] : [division]), ...(directed ? (['direction'] as const) : [])], // biome-ignore format: one line
      where: { ...where, ...only },
      limit: maxRows + 1,
    }
    await eachCell(store, query, cell => {
      if (++read > maxRows) throw tooManyRows()
      take(cell)
    })
  }

  /** Finds where a cell belongs; `placed` is the number of leading values that name its place. */
  function locate({ segment, localStart, values, count, rows }: Cell, placed: number) {
    const { offsetMs, from } = segments[segment]!
    const at = Math.max(localStart - offsetMs, from)
    const day = stepAt(dayStarts, at)
    const weighed = unit === 's' ? rows : count
    return {
      plan: plans[day]!,
      universe: universes[day]!.get(directed ? values.at(-1)! : ''),
      child: division === undefined ? '' : values[placed]!,
      part: stepAt(days[day]!.parts, at),
      count,
      weighed,
    }
  }

  await ask(['site'], {}, cell => {
    const { universe, child, part, count, weighed } = locate(cell, 1)
    universe?.add(cell.values[0]!, child, part, count, weighed)
  })
  for (const device of inParts(households)) {
    await ask(['site', 'device'], { device }, cell => {
      const [site, door] = cell.values as [string, DeviceId]
      const { plan, universe, child, part, count, weighed } = locate(cell, 2)
      const whose = plan.doorRows(door, site)
      if (whose === 'of the site') universe?.addHousehold(site, child, part, count, weighed)
      else if (whose === 'of nobody') universe?.add(site, child, part, -count, -weighed)
    })
  }
  for (const building of inParts([...new Set(absent.map(place => place.building))])) {
    await ask(['site', 'building', 'device'], { building }, cell => {
      const [site, ofBuilding, door] = cell.values as [string, string, DeviceId]
      const { plan, universe, child, part, count, weighed } = locate(cell, 3)
      if (plan.doorRows(door, site) === 'of the building' && plan.isAbsent({ site, building: ofBuilding }))
        universe?.add(site, child, part, -count, -weighed)
    })
  }
  return { directions, plans, of: (direction, day) => universes[day]!.get(direction)!.done(small.k) }
}

/** Consecutive days that are counted alike make one segment. */
function segmentsFor(days: readonly Day[], plans: readonly DayPlan[], zone: string): CellQuery['segments'] {
  const segments: CellQuery['segments'][number][] = []
  for (const [index, { from, to }] of days.entries()) {
    const { receivedBefore } = plans[index]!
    for (const part of segmentsOf(zone, from, to)) {
      const last = segments.at(-1)
      if (last !== undefined && last.offsetMs === part.offsetMs && last.receivedBefore === receivedBefore)
        segments[segments.length - 1] = { ...last, to: part.to }
      else
        segments.push({
          from: part.from,
          to: part.to,
          offsetMs: part.offsetMs,
          ...(receivedBefore === undefined ? {} : { receivedBefore }),
        })
    }
  }
  return segments
}

function* inParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += namesAtOnce) yield all.slice(at, at + namesAtOnce)
}
