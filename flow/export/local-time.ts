import { Temporal } from 'temporal-polyfill'

const dayMs = 86_400_000
const two = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

/**
 * RFC 3339 in the zone's local time, with milliseconds: 2026-11-21T08:30:00.040+08:00. Keeps the offset and date of the
 * previous call, because the next time is mostly close to it: 0.2 µs against 20 with Temporal.
 */
export function createTimeFormat(zone: string): (ms: number) => string {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  let offsetMs = 0
  let suffix = ''
  let day = Number.NaN
  let date = ''

  function seek(ms: number): void {
    const zoned = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)
    const after = Temporal.Instant.fromEpochMilliseconds(ms + 1).toZonedDateTimeISO(zone)
    from = after.getTimeZoneTransition('previous')?.epochMilliseconds ?? Number.NEGATIVE_INFINITY
    to = zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY
    offsetMs = zoned.offsetNanoseconds / 1e6
    // Local mean times have seconds, which an RFC 3339 offset cannot express.
    if (offsetMs % 60_000 !== 0) offsetMs = 0
    const minutes = Math.abs(offsetMs) / 60_000
    suffix = `${offsetMs < 0 ? '-' : '+'}${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}`
  }

  return ms => {
    if (ms < from || ms >= to) seek(ms)
    const local = ms + offsetMs
    const itsDay = Math.floor(local / dayMs)
    if (itsDay !== day) {
      day = itsDay
      date = new Date(day * dayMs).toISOString().slice(0, -14)
    }
    const rest = local - day * dayMs
    const s = Math.floor(rest / 1000)
    const milli = rest - s * 1000
    const time = `${two[Math.floor(s / 3600)]}:${two[Math.floor(s / 60) % 60]}:${two[s % 60]}`
    return `${date}T${time}.${milli < 100 ? `0${two[milli]}` : milli}${suffix}`
  }
}
