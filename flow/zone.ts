import { Temporal } from 'temporal-polyfill'
import { dayMs } from '../core/clock.ts'
import { latestMoment } from '../core/moments.ts'

export interface Segment {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
  /** When the zone took this offset, possibly before `from`; undefined if it always had it. */
  readonly since: number | undefined
}

const earliest = Date.parse('0001-01-01T00:00:00Z') - dayMs

/** [from, to), cut wherever the zone changes its offset from UTC. */
export function segmentsOf(zone: string, from: number, to: number): Segment[] {
  const segments: Segment[] = []
  const first = zonedAt(zone, from)
  // One millisecond later, because `previous` is strictly before.
  let since = zonedAt(zone, from + 1).getTimeZoneTransition('previous')?.epochMilliseconds
  for (let at = first; ; ) {
    const next = at.getTimeZoneTransition('next')
    const end = Math.min(next?.epochMilliseconds ?? to, to)
    const offsetMs = at.offsetNanoseconds / 1e6
    segments.push({ from: Math.max(from, at.epochMilliseconds), to: end, offsetMs, since })
    if (next === null || end === to) return segments
    at = next
    since = next.epochMilliseconds
  }
}

export const zonedAt = (zone: string, ms: number) =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)

/** Start of a local day; not always midnight, because the clock may be set then. */
export function startOfLocalDay(zone: string, localMs: number): number {
  const date = new Date(localMs)
  const day = Temporal.PlainDate.from({
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  })
  return day.toZonedDateTime(zone).epochMilliseconds
}

/** RFC 3339 in the zone's local time, such as 2026-11-21T08:00:00+08:00. */
export const formatLocal = (zone: string, ms: number): string =>
  zonedAt(zone, ms).toString({ timeZoneName: 'never', smallestUnit: 'second' })

/** With milliseconds: 2026-11-21T08:00:00.000+08:00. */
export const formatLocalMs = (zone: string, ms: number): string =>
  zonedAt(zone, ms).toString({ timeZoneName: 'never', smallestUnit: 'millisecond' })

/**
 * Parses a moment given by a person: RFC 3339 with an offset, or without one (2026-11-21, 2026-11-21T08:00) in the
 * zone's local time, in the years 1 to 9999. NaN if it is neither.
 */
export function parseMoment(text: string, zone: string): number {
  const ms = momentIn(text, zone)
  // Calendars end beyond these: a year before or after could not be expressed.
  return ms >= earliest && ms <= latestMoment ? ms : Number.NaN
}

function momentIn(text: string, zone: string): number {
  try {
    if (/(?:[Zz]|[+-]\d\d:\d\d)$/.test(text) && text.includes(':'))
      return Temporal.Instant.from(text).epochMilliseconds
    if (!/^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d)?)?$/.test(text)) return Number.NaN
    return Temporal.PlainDateTime.from(text.replace(' ', 'T')).toZonedDateTime(zone).epochMilliseconds
  } catch {
    return Number.NaN
  }
}

/** Start of the local day that contains a moment; epoch ms. */
export const startOfDayIn = (zone: string) => (ms: number) =>
  parseMoment(formatLocal(zone, ms).slice(0, 10), zone)
