/**
 * Milliseconds since the epoch of an RFC 3339 time with an offset or Z; NaN for anything else.
 * `Date.parse` also accepts times without an offset, which mean another moment in every zone.
 * Digits past the millisecond are cut; a leap second (:60) counts as the second after.
 *
 * Each event has such a time. Parsing by position takes a third of the 0.8 µs of a regular expression with ten groups.
 */
export function parseRfc3339(text: string): number {
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return Number.NaN
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return Number.NaN
  const between = text[10]
  if (between !== 'T' && between !== 't' && between !== ' ') return Number.NaN

  let at = 19
  let ms = 0
  if (text[at] === '.') {
    let weight = 100
    while (isDigit(text, ++at)) {
      ms += weight >= 1 ? weight * digitAt(text, at) : 0
      weight /= 10
    }
    if (at === 20) return Number.NaN
  }
  // Date.UTC maps the years 0 to 99 to 1900 to 1999. The calendar repeats every 400 years.
  const utc =
    year >= 100
      ? Date.UTC(year, month - 1, day, hour, minute, second, ms)
      : Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - fourCenturiesMs
  const sign = text[at]
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? utc : Number.NaN
  if ((sign !== '+' && sign !== '-') || text[at + 3] !== ':' || text.length !== at + 6) return Number.NaN
  const offsetHour = twoDigits(text, at + 1)
  const offsetMinute = twoDigits(text, at + 4)
  if (!(offsetHour <= 23 && offsetMinute <= 59)) return Number.NaN
  const offsetMs = (offsetHour * 60 + offsetMinute) * 60_000
  return sign === '+' ? utc - offsetMs : utc + offsetMs
}

const zero = 48
/** Below 0 or above 9 if the character is no digit; NaN behind the end of the text. */
const digitAt = (text: string, at: number) => text.charCodeAt(at) - zero
const isDigit = (text: string, at: number) => digitAt(text, at) >= 0 && digitAt(text, at) <= 9
/** NaN if there are not two digits. */
const twoDigits = (text: string, at: number) =>
  isDigit(text, at) && isDigit(text, at + 1) ? 10 * digitAt(text, at) + digitAt(text, at + 1) : Number.NaN

const fourCenturiesMs = 146_097 * 24 * 3_600_000

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
const daysOf = (year: number, month: number) => (month === 2 && isLeap(year) ? 29 : monthDays[month - 1]!)

export function formatRfc3339(ms: number): string {
  return new Date(ms).toISOString()
}
