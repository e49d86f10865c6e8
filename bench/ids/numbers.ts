import { formatRfc3339 } from '../../core/rfc3339.ts'
import { regionCodes } from '../../devices/contract/region-codes.ts'
import type { Random } from '../../devices/town/random.ts'
import type { IdForm } from './forms.ts'

/** Numbers of persons as they may stand in an id; nobody's, drawn at random. */
const digits = (random: Random, length: number) => Array.from({ length }, () => random.integer(0, 9)).join('')
export const mobileNumber = (random: Random) => `1${random.integer(3, 9)}${digits(random, 9)}`

const regions = Object.entries(regionCodes).flatMap(([province, text]) =>
  text.split(' ').flatMap(entry => {
    const [prefecture, counties = ''] = entry.split(':')
    return counties.split(',').map(range => `${province}${prefecture}${range.slice(0, 2)}`)
  }),
)
const region = (random: Random) => regions[random.integer(0, regions.length - 1)]!
const birthday = (random: Random) =>
  formatRfc3339(random.between(Date.UTC(1935, 0, 1), Date.UTC(2024, 0, 1)))
    .slice(0, 10)
    .replaceAll('-', '')

export function residentNumber(random: Random): string {
  const body = region(random) + birthday(random) + digits(random, 3)
  let sum = 0
  for (let i = 0; i < 17; i++) sum += Number(body[i]) * (2 ** (17 - i) % 11)
  return body + '10X98765432'[sum % 11]
}

/** With a wrong check digit, as one that was mistyped. */
function mistyped(random: Random): string {
  const number = residentNumber(random)
  const last = number.endsWith('X') ? 0 : (Number(number[17]) + random.integer(1, 9)) % 10
  return number.slice(0, 17) + last
}

const olderNumber = (random: Random) => region(random) + birthday(random).slice(2) + digits(random, 3)

const separators = ['-', '.', '_', ':', '~']
/** In groups of these lengths, by one separator. */
function spelled(random: Random, number: string, ...lengths: readonly number[]): string {
  let at = 0
  const groups = lengths.map(length => {
    at += length
    return number.slice(at - length, at)
  })
  return groups.join(separators[random.integer(0, separators.length - 1)])
}
const padded = (random: Random, length: number) => String(random.integer(1, 99)).padStart(length, '0')
const calendar = (at: number) => formatRfc3339(at + 8 * 3_600_000).replace(/\D/g, '')

export const numberForms: Readonly<Record<string, IdForm>> = {
  'mobile number': mobileNumber,
  'behind a word': random => `tel-${mobileNumber(random)}`,
  'behind a word, without a separator': random => `tel${mobileNumber(random)}`,
  '3-4-4': random => spelled(random, mobileNumber(random), 3, 4, 4),
  '3-4-4 within an id': random => `evt-${spelled(random, mobileNumber(random), 3, 4, 4)}~7`,
  '3-8': random => spelled(random, mobileNumber(random), 3, 8),
  '7-4': random => spelled(random, mobileNumber(random), 7, 4),
  '3-3-5': random => spelled(random, mobileNumber(random), 3, 3, 5),
  '4-4-3': random => spelled(random, mobileNumber(random), 4, 4, 3),
  'digit by digit': random => spelled(random, mobileNumber(random), ...Array<number>(11).fill(1)),
  '86 before it': random => `86${mobileNumber(random)}`,
  '0086 before it': random => `0086${mobileNumber(random)}`,
  '86- before it': random => `86-${mobileNumber(random)}`,
  '86- before 3-4-4': random => `86-${spelled(random, mobileNumber(random), 3, 4, 4)}`,
  'number-counter': random => `${mobileNumber(random)}-${random.integer(0, 9999)}`,
  'counter-number': random => `${random.integer(0, 9999)}-${mobileNumber(random)}`,
  'number and counter of 1': random => mobileNumber(random) + random.integer(0, 9),
  'number and counter of 2': random => mobileNumber(random) + padded(random, 2),
  'number and counter of 3': random => mobileNumber(random) + padded(random, 3),
  'number and counter of 4': random => mobileNumber(random) + padded(random, 4),
  'number and counter of 5': random => mobileNumber(random) + padded(random, 5),
  'number and counter of 6': random => mobileNumber(random) + padded(random, 6),
  'number and 6 digits': random => mobileNumber(random) + digits(random, 6),
  'counter of 4 and number': random => padded(random, 4) + mobileNumber(random),
  'time-number': (random, at) => `${calendar(at).slice(0, 14)}-${mobileNumber(random)}`,
  'time and number': (random, at) => calendar(at).slice(0, 14) + mobileNumber(random),
  'epoch in ms and number': (random, at) => Math.floor(at) + mobileNumber(random),
  'epoch in s and number': (random, at) => Math.floor(at / 1000) + mobileNumber(random),
  'day and number': (random, at) => calendar(at).slice(0, 8) + mobileNumber(random),
  'in the node of a UUID': random => `00000000-0000-0000-0000-0${mobileNumber(random)}`,
  'with a letter, as hex of 12': random => `a${mobileNumber(random)}`,
  'resident number': residentNumber,
  'in small letters, behind a word': random => `id-${residentNumber(random).toLowerCase()}`,
  'with a wrong digit': mistyped,
  'of 15 digits': olderNumber,
  '6-8-4': random => spelled(random, residentNumber(random), 6, 8, 4),
  '6-4-4-4': random => spelled(random, residentNumber(random), 6, 4, 4, 4),
  '6-8-3-1': random => spelled(random, residentNumber(random), 6, 8, 3, 1),
  '3-3-4-4-4': random => spelled(random, residentNumber(random), 3, 3, 4, 4, 4),
  '6-6-3 of 15': random => spelled(random, olderNumber(random), 6, 6, 3),
  'resident number-counter': random => `${residentNumber(random)}-${random.integer(0, 9999)}`,
  'resident number and counter of 1': random => residentNumber(random) + random.integer(0, 9),
  'resident number and counter of 3': random => residentNumber(random) + padded(random, 3),
  'counter of 2 and resident number': random => padded(random, 2) + residentNumber(random),
  'time and resident number': (random, at) => calendar(at).slice(0, 14) + residentNumber(random),
} // biome-ignore format: a table
