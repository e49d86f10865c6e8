import { Temporal } from 'temporal-polyfill'

/** What local time is ahead of UTC at a moment, in milliseconds. Remembers between which changes it was asked last. */
export function createOffsets(zone: string): (at: number) => number {
  let from = 0
  let to = 0
  let offsetMs = 0
  return at => {
    if (at >= from && at < to) return offsetMs
    const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
    // A moment that is itself a change counts as after it, but `previous` is strictly before.
    const since = zoned.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
    from = since?.epochMilliseconds ?? Number.NEGATIVE_INFINITY
    to = zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY
    offsetMs = zoned.offsetNanoseconds / 1e6
    return offsetMs
  }
}

/**
 * The moments at which a clock on the wall shows this time, earliest first: two where it is set back, none where it is
 * set forward. `localMs` counts as if the zone were UTC.
 */
export function momentsOf(localMs: number, offsetAt: (at: number) => number): number[] {
  const dayMs = 86_400_000
  const offsets = new Set([offsetAt(localMs - dayMs), offsetAt(localMs + dayMs)])
  return [...offsets]
    .map(offsetMs => localMs - offsetMs)
    .filter(at => at + offsetAt(at) === localMs)
    .sort((a, b) => a - b)
}
