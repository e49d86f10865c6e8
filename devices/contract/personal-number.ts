import { dayMs, hourMs, secondMs } from '../../core/clock.ts'
import { backfillDays } from '../../core/words.ts'
import { isResident, isResident15, isSureResident } from './resident-number.ts'

/**
 * Finds mainland mobile numbers and resident numbers (GB 11643) in texts that are kept as they came. Ids are mostly
 * digits, too, so only structure tells the two apart; docs/decisions/0006-numbers-in-ids.md has the criteria and the
 * error rates. A text without eleven digits in a row, with at most single separators between them, costs one regular
 * expression.
 */
const separator = '[ ._:~-]'
const quick = new RegExp(`\\d(?:${separator}?\\d){10}`)
const stretch = new RegExp(`\\d(?:${separator}?\\d){10,}(?:${separator}?[Xx])?`, 'g')
const splitter = new RegExp(separator)

/** True for an id that holds such a number. `at` is the time that the id belongs to, epoch ms: the id may begin with it. */
export const isIdOfPerson = (id: string, at?: number): boolean =>
  quick.test(id) && holds(id, momentAround(at))

/** The same for any other text. No device makes a million of them, so a number with one more digit counts as a number here. */
export const holdsPersonalNumber = (text: string): boolean =>
  quick.test(text) && (holds(text, noMoment) || mobileAndDigit.test(withoutCodes(text)))

function holds(text: string, around: Around): boolean {
  const plain = withoutCodes(text)
  for (const { 0: digits, index } of plain.matchAll(stretch))
    if (holdsNumber(digits, around, letter.test(plain[index - 1] ?? ''))) return true
  return false
}

/** The text with such numbers replaced by `<number>`. */
export function withoutPersonalNumbers(text: string): string {
  if (!quick.test(text)) return text
  const plain = withoutCodes(text)
  let shown = ''
  let end = 0
  for (const { 0: digits, index } of plain.matchAll(stretch)) {
    if (!holdsNumber(digits, noMoment, false) && !mobileAndDigit.test(digits)) continue
    shown += `${text.slice(end, index)}<number>`
    end = index + digits.length
  }
  return shown + text.slice(end)
}

const uuid = /(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])/gi
const token = /[0-9A-Za-z]{12,}/g
const hexLengths = new Set([12, 16, 20, 24, 32, 40, 48, 56, 64])
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i
const letter = /[A-Za-z]/

/** True for a random code of a program, whose digits mean nothing. A code without a letter may be a number after all. */
function isCode(word: string): boolean {
  if (!letter.test(word)) return false
  return (
    (hexLengths.has(word.length) && (/^[0-9a-f]+$/.test(word) || /^[0-9A-F]+$/.test(word))) || ulid.test(word)
  )
}

/** Blanks out random codes. The length stays, so that positions in the result are positions in the text. */
function withoutCodes(text: string): string {
  const blank = (code: string) => 'z'.repeat(code.length)
  return text
    .replace(
      uuid,
      code => blank(code.slice(0, 25)) + (isPaddedNumber(code) ? code.slice(25) : blank(code.slice(25))),
    )
    .replace(token, word => (isCode(word) ? blank(word) : word))
}

/** `00000000-0000-0000-0000-013800138000`: a number padded to the form of a UUID. */
const isPaddedNumber = (code: string) =>
  !letter.test(code.slice(0, 23)) && /^01[3-9]\d{9}$/.test(code.slice(24))

/** The times, epoch ms, that an id may begin with. */
interface Around {
  readonly moment: number
  readonly beforeMs: number
}

/** No time matches it. */
const noMoment: Around = { moment: Number.NaN, beforeMs: 0 }

/** An id without a time of its own is taken to come now, from a device that may have kept it for a month. */
function momentAround(at: number | undefined): Around {
  const isKnown = at !== undefined && Number.isFinite(at)
  return { moment: isKnown ? at : Date.now(), beforeMs: (isKnown ? 1 : backfillDays + 1) * dayMs }
}

/** An id may also begin with the time of a boot or an enrolment, up to this long ago. */
const longAgoMs = 400 * dayMs
const firstMs = Date.UTC(2020, 0, 1)
const lastMs = Date.UTC(2040, 0, 1)

/**
 * True if the digits begin with a time: seconds, tenths, ms, µs and ns since 1970 have the same first ten digits,
 * whatever counter follows.
 */
function beginsWithTime(digits: string, { moment, beforeMs }: Around): boolean {
  // A clock that was never set says 1970 or 1980.
  if (/^19[78]00101/.test(digits)) return true
  const ms = Number(digits.slice(0, 10)) * secondMs
  // Ids are mostly made of milliseconds; digits that look like them are rarely a number and a counter of two digits.
  if (digits.length === 13) return ms >= firstMs && ms <= lastMs
  if (digits.length > 11) return Math.abs(ms - moment) <= longAgoMs
  return ms >= moment - beforeMs && ms <= moment + dayMs
}

/** `isBehindLetter`: the first digits may be the end of something else, such as a boot id in hexadecimal. */
function holdsNumber(digits: string, around: Around, isBehindLetter: boolean): boolean {
  const groups = digits.split(splitter)
  if (groups.some(group => isGluedNumber(group, around))) return true
  return groups.length > 1 && isSpelled(groups, isBehindLetter)
}

const mobile = /^1[3-9]\d{9}$/
const mobileAndDigit = /(?<!\d)(?:0?1[3-9]\d{9}|1[3-9]\d{10})(?!\d)/
/** An optional country code as it is dialled; the number; a counter. */
const mobileFirst = /^(|86|086|0086)1[3-9]\d{9}(\d*)$/
const calendar = /^20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?:\d{3})?$/
const startsWithCalendar = /^20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])/
const epochMs = /^[1-4]\d{12}$/

/** True if digits without a separator are a number: alone, or with a counter, a country code or a time. */
function isGluedNumber(digits: string, around: Around): boolean {
  const { length } = digits
  if (mobile.test(digits)) return !beginsWithTime(digits, around)
  const first = mobileFirst.exec(digits)
  if (first !== null && isCounterBehind(first[1] !== '', first[2]!))
    return first[1] !== '' || !beginsWithTime(digits, around)
  if (length > 12 && mobile.test(digits.slice(-11)) && isBefore(digits.slice(0, -11))) return true
  if (length === 15) return isResident15(digits)
  if (length === 18) return isResident(digits) && !isSnowflake(digits, around)
  if (length < 20) return false
  const head = digits.slice(0, -18)
  const isHead = isBefore(head) || (head.length <= 4 && !startsWithCalendar.test(digits))
  return isSureResident(digits.slice(0, 18)) || (isHead && isSureResident(digits.slice(-18)))
}

/**
 * A number and one more digit count only with a country code: one random hexadecimal id of twelve characters in 5,000 is
 * a mobile number and a digit. Longer counters begin with zeros; otherwise the digits are a snowflake id or microseconds.
 */
function isCounterBehind(hasCountry: boolean, counter: string): boolean {
  if (counter.length < 2) return hasCountry
  return counter.length <= 4 || (!hasCountry && counter.length <= 6 && counter.startsWith('000'))
}

/** True for digits that may come before a number: a counter padded with zeros, or a time. */
const isBefore = (head: string) =>
  (head.length <= 4 && head.startsWith('0')) ||
  (head.length <= 6 && head.startsWith('000')) ||
  epochMs.test(head) ||
  calendar.test(head)

const twitterEpochMs = 1_288_834_974_657
const nearMs = 20 * secondMs

/**
 * True for a snowflake id: milliseconds since some midnight in UTC or UTC+8, or since Twitter's epoch, and 22 bits. One
 * in a million of them would also be a resident number.
 */
function isSnowflake(digits: string, { moment }: Around): boolean {
  if (!/^\d+$/.test(digits)) return false
  const epoch = moment - Number(BigInt(digits) >> 22n)
  const sinceMidnight = (hours: number) =>
    Math.abs(((epoch + hours * hourMs + dayMs / 2) % dayMs) - dayMs / 2)
  return Math.abs(epoch - twitterEpochMs) < nearMs || sinceMidnight(0) < nearMs || sinceMidnight(8) < nearMs
}

/** Groups in which people write a mobile number. Three and eight digits may also be a count of starts and a counter. */
const spellings = new Set([
  '3-4-4',
  '3-8',
  '7-4',
  '3-3-5',
  '3-5-3',
  '4-4-3',
  '4-3-4',
  '3-2-2-2-2',
  '2-3-3-3',
  Array(11).fill(1).join('-'),
])
const maxSpelled = 18

/** True if a number with separators reaches from the start of one group to the end of another. */
function isSpelled(groups: readonly string[], isBehindLetter: boolean): boolean {
  for (let from = 0; from < groups.length; from++) {
    let digits = ''
    let lengths = ''
    for (let to = from; to < groups.length && digits.length < maxSpelled; to++) {
      // The country code may come before it: `86138-1234-5678`.
      const group = to === from ? groups[to]!.replace(/^0{0,2}86(?=1[3-9])/, '') : groups[to]!
      digits += group
      lengths += `${lengths === '' ? '' : '-'}${group.length}`
      if (to === from) continue
      if (
        mobile.test(digits) &&
        spellings.has(lengths) &&
        !isCounted(lengths, digits) &&
        !(isBehindLetter && from === 0 && lengths === '7-4')
      )
        return true
      if (digits.length === 15 && lengths.startsWith('6-6') && isResident15(digits)) return true
      if (digits.length === 18 && (lengths.startsWith('6-8') ? isResident(digits) : isSureResident(digits)))
        return true
    }
  }
  return false
}

/** `138-00000012`, `1381234-0012`: counters padded with zeros. */
const isCounted = (lengths: string, digits: string) =>
  (lengths === '3-8' && digits.startsWith('00', 3)) || (lengths === '7-4' && digits[7] === '0')
