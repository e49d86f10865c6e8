import { hourMs, minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Dimension } from '../../ingest/store/store.ts'
import { startsOf } from '../calendar.ts'
import { dimensionsOf, isSlot } from '../measures.ts'
import type { Asked } from '../question.ts'
import type { SmallNumbers } from '../scope.ts'

/** The dimension that divides a site. */
export type Division = 'building' | Attribute
const attributes = ['method', 'holder', 'reason', 'class', 'outcome', 'state'] as const
type Attribute = (typeof attributes)[number]

const gridMs = 15 * minuteMs

/**
 * Checks a query against what may be shown when small numbers are hidden, and ends it with the last day that may be
 * shown. Throws FLOW_QUERY_INVALID, and says what can be asked instead.
 */
export function checkSmallQuestion(asked: Asked, { zone, now }: SmallNumbers): Asked {
  const wrong = (reason: string) =>
    new LintelError('FLOW_QUERY_INVALID', `${reason} (small numbers are hidden from you)`)
  if (asked.zone !== zone) throw wrong(`zone must be ${zone}, whose days and hours numbers are told of`)
  if (asked.from % gridMs !== 0 || asked.to % gridMs !== 0)
    throw wrong('from and to must be on a quarter of an hour')
  const used = usedDimensions(asked)
  const all: readonly string[] = ['site', 'building', 'direction', ...attributes]
  const known = dimensionsOf(asked.measure).filter(dimension => all.includes(dimension))
  // A place that was added for a name comes before it.
  const foreign = used.findLast(dimension => !known.includes(dimension))
  if (foreign !== undefined) throw wrong(`${foreign} is not told: ask by ${known.join(', ')}`)
  const divisions = used.filter(isDivision)
  if (divisions.length > 1)
    throw wrong(`${divisions.join(' and ')} are not told of one number: ask by one of them, or filter by one`)
  return { ...asked, to: Math.max(asked.from, Math.min(asked.to, settledUntil(zone, now))) }
}

/**
 * A day may be shown this long after its end at the earliest: a day in progress, or one whose last events are under
 * way, could be watched while it grows. Late-evening events of doors have arrived by then.
 */
export const lagMs = 3 * hourMs

/** The last midnight that is at least that long ago. */
export const settledUntil = (zone: string, now: number): number =>
  startsOf(zone, '1d', now - lagMs, now - lagMs + 1)[0]!

/** Undefined if sites are not divided. */
export const divisionOf = (asked: Asked): Division | undefined => usedDimensions(asked).find(isDivision)

function usedDimensions({ by, filter }: Asked): Dimension[] {
  const grouped = by.filter((dimension): dimension is Dimension => !isSlot(dimension))
  return [...new Set([...grouped, ...(Object.keys(filter) as Dimension[])])]
}

const isDivision = (dimension: Dimension): dimension is Division =>
  dimension === 'building' || (attributes as readonly string[]).includes(dimension)
