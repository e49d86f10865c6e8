import { Temporal } from 'temporal-polyfill'
import { clockStepMs, startsOf } from './calendar.ts'
import type { Asked } from './question.ts'
import type { FlowScope } from './scope.ts'
import { formatLocal } from './zone.ts'

export const noteNames = ['unknown-place', 'household-doors', 'other-weekdays', 'unfinished-step'] as const

/** Facts that an answer's numbers do not show. Programs should use `note`; `text` is for people and may change. */
export interface FlowNote {
  readonly note: (typeof noteNames)[number]
  readonly text: string
  /** For an unknown place: the filter that names it. */
  readonly dimension?: string
  /** The places in question; for weekdays, those of `from` and of `before.from`, 1 (Monday) to 7; for a step, its start. */
  readonly values: readonly string[]
}

/** Users are not told of places outside their sites: for them such places are unknown, like any that does not exist. */
export function notesOf(asked: Asked, earlier: { readonly from: number } | undefined, scope: FlowScope): FlowNote[] {
  return [
    ...unknownPlaces(asked, scope), ...householdDoors(asked, scope), ...otherWeekdays(asked, earlier),
    ...(earlier === undefined ? [] : unfinishedStep(asked, scope)),
  ]
} // biome-ignore format: a list

const placeNames = ['site', 'building', 'point', 'device'] as const

function unknownPlaces({ filter }: Asked, { places, sites }: FlowScope): FlowNote[] {
  if (places === undefined) return []
  const mine = places.filter(({ site }) => sites?.includes(site) ?? true)
  return placeNames.flatMap(dimension => {
    // A building is looked for at the sites asked for; a site, among all.
    const within = dimension === 'site' ? mine : mine.filter(({ site }) => filter.site?.includes(site) ?? true)
    const known = new Set(within.map(place => place[dimension]))
    const values = (filter[dimension] ?? []).filter(value => !known.has(value))
    if (values.length === 0) return []
    const where = dimension === 'site' || filter.site === undefined ? '' : ' at these sites'
    return [{ note: 'unknown-place', dimension, values, text: `no ${dimension} ${values.join(', ')} is enrolled${where}` }]
  })
} // biome-ignore format: long lines

function householdDoors({ by, filter }: Asked, { smallNumbers }: FlowScope): FlowNote[] {
  if (!by.includes('building') && filter.building === undefined) return []
  const sites = new Set(smallNumbers?.households?.map(({ site }) => site))
  const values = [...sites].filter(site => filter.site?.includes(site) ?? true).sort()
  if (values.length === 0) return []
  const text = `doors of single households at ${values.join(', ')} count for their site, not for a building`
  return [{ note: 'household-doors', values, text }]
}

/** Days are compared with days of another weekday. Asking for `1d` means to do that, so it gets no note. */
function otherWeekdays(
  { zone, from, every, compare }: Asked,
  earlier: { readonly from: number } | undefined,
) {
  if (earlier === undefined || compare === '1d') return []
  if (every !== '1d' && clockStepMs(every) === undefined) return []
  const weekday = (ms: number) =>
    String(Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).dayOfWeek)
  const values = [weekday(from), weekday(earlier.from)]
  if (values[0] === values[1]) return []
  const text = 'each day is held against another day of the week: compare with 1w has the same ones'
  return [{ note: 'other-weekdays' as const, values, text }]
}

function unfinishedStep({ zone, from, to, every }: Asked, { now }: FlowScope): FlowNote[] {
  if (now === undefined || to <= now || from > now) return []
  const start = formatLocal(zone, startsOf(zone, every, from, now + 1).at(-1)!)
  const text = `the step that begins ${start} is not over, and is held against a whole one`
  return [{ note: 'unfinished-step', values: [start], text }]
}
