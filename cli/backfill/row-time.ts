import { Temporal } from 'temporal-polyfill'
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { formatRfc3339, parseRfc3339 } from '../../core/rfc3339.ts'
import { parseMoment } from '../../flow/zone.ts'

/** A time as RFC 3339, or the fault in a text that is nearly one. `isTwice`: it occurs twice, and this is the earlier one. */
export type RowTime =
  | { readonly time: string; readonly isTwice: boolean }
  | { readonly fault: string }
  | undefined

const withOffset = /:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const chineseDate = /^(\d{4})年(\d{1,2})月(\d{1,2})日/
const yearFirst =
  /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:(?:[Tt]|\s+)(上午|下午|[AaPp][Mm])?\s*(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp][Mm])?)?$/
const yearLast = /^\d{1,2}[-/.]\d{1,2}[-/.]\d{1,4}(?:\s|$)/
/** Days since the end of 1899, as Excel counts them, for 1954 to 2119. */
const serial = /^[2-7]\d{4}(?:\.\d{1,17})?$/
const serialZeroMs = Date.UTC(1899, 11, 30)

const faults = {
  noZone: 'the time has no offset: give --zone, such as --zone Asia/Shanghai',
  noSuch: 'the calendar has no such time: it is year-month-day hour:minute:second',
  order: 'the order of day, month and year cannot be told: write year-month-day',
  skipped: 'the clock of the zone was set forward over this time, so it never was',
} as const

/**
 * The time of a row: RFC 3339, or without an offset in the zone's local time, also as Excel shows it (2026/10/1 8:05,
 * 2026/10/1 下午 8:05) or stores it (46296.3368, rounded to the second). Undefined if it does not look like a time.
 * Messages do not quote the text: in a shifted column, it may be anything.
 */
export function readRowTime(text: string, zone: string | undefined): RowTime {
  if (!Number.isNaN(parseRfc3339(text))) return { time: text, isTwice: false }
  const plain = text.trim().replace(chineseDate, '$1-$2-$3 ').trim()
  if (withOffset.test(plain)) {
    const ms = parseMoment(plain, 'UTC')
    return Number.isNaN(ms) ? { fault: faults.noSuch } : { time: formatRfc3339(ms), isTwice: false }
  }
  if (yearLast.test(plain)) return { fault: faults.order }
  const found = serial.test(plain) ? serialTime(plain) : clockTime(plain)
  if (found === undefined) return undefined
  if (found === 'noSuch') return { fault: faults.noSuch }
  return zone === undefined ? { fault: faults.noZone } : inZone(found, zone)
}

/** A local time as if it were UTC, epoch ms; a date alone means the start of its day. */
interface Local {
  readonly localMs: number
  readonly isDate: boolean
}

function serialTime(text: string): Local {
  const localMs = serialZeroMs + Math.round(Number(text) * (dayMs / secondMs)) * secondMs
  return { localMs, isDate: !text.includes('.') }
}

function clockTime(text: string): Local | 'noSuch' | undefined {
  const parts = yearFirst.exec(text)
  if (parts === null) return undefined
  const [, year, , month, day, before, hour, minute = '0', second = '0', behind] = parts
  const half = (before ?? behind)?.toLowerCase()
  const hours = hourOfDay(Number(hour ?? 0), half)
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isThere = new Date(date).getUTCMonth() === Number(month) - 1 && Number(year) >= 100
  if (!isThere || hours > 23 || Number(minute) > 59 || Number(second) > 59) return 'noSuch'
  const localMs = date + hours * hourMs + Number(minute) * minuteMs + Number(second) * secondMs
  return { localMs, isDate: hour === undefined }
}

/** 上午 12:05 is five past midnight; 下午 15:05, which some people write, is taken literally. */
function hourOfDay(hour: number, half: string | undefined): number {
  if (half === '上午' || half === 'am') return hour === 12 ? 0 : hour > 12 ? Number.POSITIVE_INFINITY : hour
  if (half === '下午' || half === 'pm') return hour < 12 ? hour + 12 : hour
  return hour
}

function inZone({ localMs, isDate }: Local, zone: string): RowTime {
  const local = Temporal.PlainDateTime.from(new Date(localMs).toISOString().slice(0, -1))
  const at = (disambiguation: 'earlier' | 'later' | 'compatible') =>
    local.toZonedDateTime(zone, { disambiguation })
  if (isDate) return { time: formatRfc3339(at('compatible').epochMilliseconds), isTwice: false }
  const earlier = at('earlier')
  if (!earlier.toPlainDateTime().equals(local)) return { fault: faults.skipped }
  const isTwice = at('later').epochMilliseconds !== earlier.epochMilliseconds
  return { time: formatRfc3339(earlier.epochMilliseconds), isTwice }
}
