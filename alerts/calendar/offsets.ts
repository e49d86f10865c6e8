import { Temporal } from 'temporal-polyfill'

/** Local time minus UTC at a moment, in ms. Caches the period between the two nearest changes. */
export function createOffsets(zone: string): (at: number) => number {
  let from = 0
  let to = 0
  let offsetMs = 0
  return at => {
    if (at >= from && at < to) return offsetMs
    const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
    // The moment of a change itself counts as after it, but `previous` is strictly before.
    const since = zoned.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
    from = since?.epochMilliseconds ?? Number.NEGATIVE_INFINITY
    to = zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY
    offsetMs = zoned.offsetNanoseconds / 1e6
    return offsetMs
  }
}

/**
 * Moments at which a wall clock shows this time, earliest first: two where clocks are set back, none where they are set
 * forward. `localMs` counts as if the zone were UTC.
 */
export function momentsOf(localMs: number, offsetAt: (at: number) => number): number[] {
  const dayMs = 86_400_000
  const offsets = new Set([offsetAt(localMs - dayMs), offsetAt(localMs + dayMs)])
  return [...offsets]
    .map(offsetMs => localMs - offsetMs)
    .filter(at => at + offsetAt(at) === localMs)
    .sort((a, b) => a - b)
}
