const shape = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Milliseconds since the epoch of an RFC 3339 time with an offset or Z; NaN for anything else.
 * `Date.parse` also takes times without an offset, which mean another moment in every zone.
 * Digits past the millisecond are cut; a leap second (:60) counts as the second after.
 */
export function parseRfc3339(text: string): number {
  const m = shape.exec(text)
  if (m === null) return Number.NaN
  const year = Number(m[1])
  const month = Number(m[2])
  const day = Number(m[3])
  const hour = Number(m[4])
  const minute = Number(m[5])
  const second = Number(m[6])
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return Number.NaN
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  const ms = m[7] === undefined ? 0 : Number(m[7].slice(0, 3).padEnd(3, '0'))
  // Date.UTC takes the years 0 to 99 for 1900 to 1999. The calendar repeats every 400 years.
  const utc =
    year >= 100
      ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
      : Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - fourCenturiesMs
  if (m[8] === undefined) return utc
  const offsetHour = Number(m[9])
  const offsetMinute = Number(m[10])
  if (offsetHour > 23 || offsetMinute > 59) return Number.NaN
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000
  return m[8] === '+' ? utc - offsetMs : utc + offsetMs
}

const fourCenturiesMs = 146_097 * 24 * 3_600_000

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
const daysOf = (year: number, month: number) => (month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!)

export function formatRfc3339(ms: number): string {
  return new Date(ms).toISOString()
}
