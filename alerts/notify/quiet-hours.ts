import { Temporal } from 'temporal-polyfill'

/** Times of day such as 22:00, in a zone; the period spans midnight if `to` is earlier than `from`. */
export interface QuietHours {
  readonly from: string
  readonly to: string
  readonly zone: string
}

/** End of the quiet period that contains `now`; undefined if none does. Epoch ms. */
export function quietUntil({ from, to, zone }: QuietHours, now: number): number | undefined {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone)
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' })
  const isQuiet = from < to ? from <= time && time < to : from <= time || time < to
  if (!isQuiet) return undefined
  const day = time < to ? local.toPlainDate() : local.toPlainDate().add({ days: 1 })
  const end = day.toZonedDateTime({ timeZone: zone, plainTime: to }).epochMilliseconds
  // When clocks are set back, the last quiet hour occurs twice.
  return end > now ? end : now + Temporal.Duration.from({ minutes: 1 }).total('milliseconds')
}
