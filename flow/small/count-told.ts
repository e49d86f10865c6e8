import { setImmediate } from 'node:timers/promises'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Store } from '../../ingest/store/store.ts'
import { startsOf } from '../calendar.ts'
import { type Amount, type Counted, plus } from '../counted.ts'
import { isSlot, type StoredMeasure } from '../measures.ts'
import type { Asked } from '../question.ts'
import { createRowTable } from '../row-table.ts'
import type { SmallNumbers } from '../scope.ts'
import { slotWord } from '../slots.ts'
import type { TimeLevel } from '../suppression/lattice.ts'
import { fetchDays } from './day-counts.ts'
import { createKnownMarks } from './known-marks.ts'
import { countOf, coverPlaces, latticeOf, type PlaceCover, type PlaceNode } from './places.ts'
import { divisionOf } from './small-question.ts'
import { coverDay, daysOf, levelOf, type TimeNode } from './times.ts'

/** Places times hours, or quarters of an hour, of all days: at worst 20 s of work (600 buildings by hour for two months). */
const maxNodes = 2_000_000
/** Eleven years: about 3 s of work for the calendar alone. */
const maxDays = 4000
/** Number of nodes in a day at each level, including the hours and the day itself. */
const timesOfDay: Record<TimeLevel, number> = { day: 3, hour: 49, part: 121 }

const hideSmall = createKnownMarks()

/**
 * Counts what may be shown: sums of the nodes of a fixed lattice of places and times that `hideSmall` shows, and how
 * many others are left out. What is shown does not depend on the query, so no set of answers reveals more than all
 * shown nodes together. Throws FLOW_QUERY_TOO_WIDE, and what the store throws.
 */
export async function countTold(
  asked: Asked & { readonly measure: StoredMeasure },
  store: Store,
  small: SmallNumbers,
): Promise<Counted> {
  const { zone, from, to, every, by, measure, filter, slots } = asked
  const level = levelOf(asked)
  const division = divisionOf(asked)
  assertAffordable(asked, level, small)
  const days = daysOf(zone, from, to, level)
  const starts = from < to ? startsOf(zone, every, from, to) : []
  const fetched = await fetchDays(measure, division, days, level, small, store)

  const { finest, whole } = placeCovers(asked)
  const time = { range: { from, to }, slots }
  const rows = createRowTable()
  const totals = new Map<number, Amount>()
  let total: Amount | undefined
  const sum = measure.isNet ? allOrNothing : plus
  const add = (known: Amount | undefined, amount: Amount) =>
    known === undefined ? amount : sum(known, amount)

  for (const [index, day] of days.entries()) {
    // Lets other work run.
    await setImmediate()
    const byRow = coverDay(zone, day, { ...time, starts, by: by.filter(isSlot) })
    const byStep = coverDay(zone, day, { ...time, starts, by: [] })
    const inAll = coverDay(zone, day, { ...time, starts: [from], by: [] })
    for (const direction of fetched.directions) {
      if (filter.direction?.includes(direction) === false) continue
      const { universe: counts, alone } = fetched.of(direction, index)
      const { isUntold } = fetched.plans[index]!
      const hidden = hideSmall(latticeOf(counts, day, alone), small.k)
      const amountOf = (place: PlaceNode, at: TimeNode): Amount => {
        const { site, child } = place
        if (isUntold(site, child) || hidden.isHidden(at.level, at.index, site, child))
          return { count: null, hidden: 1 }
        const count = countOf(counts, place, at)
        return { count: measure.isNet && direction === 'out' ? -count : count, hidden: 0 }
      }
      for (const place of coverPlaces(counts, finest)) {
        for (const at of byRow) {
          const values = by.map(dimension => {
            if (isSlot(dimension)) return slotWord(dimension, at.localMs)
            if (dimension === 'direction') return direction
            return dimension === 'site' ? place.site! : place.child!
          })
          rows.add(at.step, values, amountOf(place, at), sum)
        }
      }
      for (const place of coverPlaces(counts, whole)) {
        for (const at of byStep) totals.set(at.step, add(totals.get(at.step), amountOf(place, at)))
        for (const at of inAll) total = add(total, amountOf(place, at))
      }
    }
  }
  const untold: Amount = { count: null, hidden: 0 }
  const stepTotal = (step: number) => totals.get(step) ?? untold
  return { from, to, starts, rows, absent: untold, stepTotal, total: total ?? untold }
}

/** A difference between in and out is only known if both parts are. */
const allOrNothing = (a: Amount, b: Amount): Amount => ({
  count: a.count === null || b.count === null ? null : a.count + b.count,
  hidden: a.hidden + b.hidden,
})

/** The places for rows, and those for totals. The latter are as large as possible, because fewer of those are hidden. */
function placeCovers(asked: Asked): { finest: PlaceCover; whole: PlaceCover } {
  const { by, filter } = asked
  const division = divisionOf(asked)
  const children = division === undefined ? undefined : filter[division]
  const takes = {
    takesSite: (site: string) => filter.site?.includes(site) ?? true,
    takesChild: (child: string) => children?.includes(child) ?? true,
  }
  const bySite = filter.site === undefined ? 'town' : 'site'
  return {
    finest: { ...takes, detail: division !== undefined ? 'child' : by.includes('site') ? 'site' : bySite },
    whole: { ...takes, detail: children !== undefined ? 'child' : bySite },
  }
}

/** Checked before anything is made of the days: listing a century of quarters of an hour takes seconds. */
function assertAffordable(
  { from, to }: Pick<Asked, 'from' | 'to'>,
  level: TimeLevel,
  { places, households = [] }: SmallNumbers,
): void {
  const days = Math.ceil((to - from) / dayMs)
  const nodes = days * timesOfDay[level] * (places.length + households.length + 1)
  if (days <= maxDays && nodes <= maxNodes) return
  throw new LintelError(
    'FLOW_QUERY_TOO_WIDE',
    'that is too much to hide small numbers in: ask for less time, or longer steps',
  )
}
