import { regionCodes } from './region-codes.ts'

/** Resident numbers of the mainland, GB 11643: six digits of a region, a birthday, three digits, and a check digit. */
const regions = new Set<string>()
const prefectures = new Set<string>()
for (const [province, text] of Object.entries(regionCodes)) {
  for (const entry of text.split(' ')) {
    const [prefecture, counties] = entry.split(':') as [string, string]
    prefectures.add(province + prefecture)
    for (const range of counties.split(',')) {
      const [first, last = first] = range.split('-') as [string, string?]
      for (let county = Number(first); county <= Number(last); county++)
        regions.add(province + prefecture + String(county).padStart(2, '0'))
    }
  }
}

const birthday =
  /^(?:19[0-9]{2}|20[0-3]\d)(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|[12]\d))$/

/** A number from before 1999, which has no checksum: region, birthday in six digits, three more. */
export const isResident15 = (digits: string) =>
  regions.has(digits.slice(0, 6)) && birthday.test(`19${digits.slice(6, 12)}`)

const isBorn = (digits: string) => birthday.test(digits.slice(6, 14))

/**
 * A known region and a date are enough: a reader takes it for a person's number, even if a digit is wrong. An unknown
 * region of a known prefecture may be newer than our list: it also needs the checksum.
 */
export const isResident = (digits: string) =>
  isBorn(digits) &&
  (regions.has(digits.slice(0, 6)) || (prefectures.has(digits.slice(0, 4)) && hasChecksum(digits)))

/** For a number among other digits: region, date and checksum must be right. */
export const isSureResident = (digits: string) =>
  isBorn(digits) && regions.has(digits.slice(0, 6)) && hasChecksum(digits)

/** ISO 7064 MOD 11-2. */
function hasChecksum(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < 17; i++) sum += Number(digits[i]) * (2 ** (17 - i) % 11)
  return '10X98765432'[sum % 11] === digits[17]!.toUpperCase()
}
