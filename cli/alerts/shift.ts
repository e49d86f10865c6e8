import { Temporal } from 'temporal-polyfill'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { parseMoment } from '../../flow/zone.ts'

export interface ShiftOptions {
  /** `true`: the current shift. */
  readonly shift?: string | true
  readonly last?: string
  readonly from?: string
  readonly to?: string
}

const named: Readonly<Record<string, readonly [begins: string, ends: string]>> = {
  day: ['08:00', '20:00'],
  night: ['20:00', '08:00'],
}

const invalid = (what: string) => new LintelError('API_REQUEST_INVALID', what)

/** The range of a report: [from, to), epoch ms. A shift that is not over ends now. Throws API_REQUEST_INVALID. */
export function rangeOf(options: ShiftOptions, zone: string, now: number): { from: number; to: number } {
  const { shift, last, from, to } = options
  if ([shift, last, from ?? to].filter(given => given !== undefined).length > 1)
    throw invalid('say one of --shift, --last, or --from and --to')
  if (shift !== undefined) return shiftRange(shift, zone, now)
  const end = to === undefined ? now : momentOf('--to', to, zone)
  if (from !== undefined) return { from: momentOf('--from', from, zone), to: end }
  return { from: end - spanOf('--last', last ?? '12h'), to: end }
}

function shiftRange(shift: string | true, zone: string, now: number) {
  const asked = shift === true ? Object.values(named) : [timesOf(shift)]
  const begun = asked.map(([begins, ends]) => latestOf(begins, ends, zone, now))
  const { from, to } = begun.reduce((a, b) => (b.from > a.from ? b : a))
  return { from, to: Math.min(to, now) }
}

function timesOf(shift: string): readonly [string, string] {
  const known = named[shift]
  if (known !== undefined) return known
  const match = /^([01]\d|2[0-3]):?([0-5]\d)?-([01]\d|2[0-4]):?([0-5]\d)?$/.exec(shift)
  if (match === null) throw invalid(`--shift must be day, night, or such as 16:00-24:00, not "${shift}"`)
  const [, fromH, fromM = '00', toH, toM = '00'] = match
  return [`${fromH}:${fromM}`, `${toH === '24' ? '00' : toH}:${toM}`]
}

/** The latest such shift that has begun. */
function latestOf(begins: string, ends: string, zone: string, now: number) {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
  const at = (date: Temporal.PlainDate, time: string) =>
    date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds
  const day = at(today, begins) <= now ? today : today.subtract({ days: 1 })
  return { from: at(day, begins), to: at(ends > begins ? day : day.add({ days: 1 }), ends) }
}

/** Throws API_REQUEST_INVALID. */
export function momentOf(option: string, text: string, zone: string): number {
  const at = parseMoment(text, zone)
  if (Number.isNaN(at))
    throw invalid(`${option} must be a date or a time, such as 2026-11-24T08:00, not "${text}"`)
  return at
}

const units: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs }

/** `30m`, `2h`, `3d`, `1w`. Throws API_REQUEST_INVALID. */
export function spanOf(option: string, text: string): number {
  const match = /^([1-9]\d{0,4})([mhdw])$/.exec(text)
  if (match === null) throw invalid(`${option} must be such as 30m, 2h or 3d, not "${text}"`)
  return Number(match[1]) * units[match[2]!]!
}
