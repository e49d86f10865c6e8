import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Random } from '../../devices/town/random.ts'

/** A usual form of event ids: one that a device makes at a moment, epoch ms. */
export type IdForm = (random: Random, at: number) => string

const characters = (alphabet: string) => (random: Random, length: number) =>
  Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)]).join('')
const hex = characters('0123456789abcdef')
const crockford = characters('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
const base36 = characters('0123456789abcdefghijklmnopqrstuvwxyz')
const base62 = characters('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
const padded = (value: number, digits: number) => String(value).padStart(digits, '0')
const counter = (random: Random, digits: number) => padded(random.integer(0, 999_999), digits)
/** `20261128183000123`. */
const calendar = (at: number) => formatRfc3339(at + 8 * 3_600_000).replace(/\D/g, '')

function uuid(random: Random): string {
  const variant = '89ab'[random.integer(0, 3)]
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-${variant}${hex(random, 3)}-${hex(random, 12)}`
}

/** Milliseconds since an epoch of somebody's choice, ten bits of a worker, twelve of a sequence. */
const snowflake =
  (epoch: number): IdForm =>
  (random, at) =>
    String((BigInt(Math.floor(at) - epoch) << 22n) | BigInt(random.integer(0, 4_194_303)))

export const idForms: Readonly<Record<string, IdForm>> = {
  'UUID': uuid,
  'UUID in capitals': random => uuid(random).toUpperCase(),
  'UUID without dashes': random => uuid(random).replaceAll('-', ''),
  'UUID behind a word': random => `evt-${uuid(random)}`,
  'ULID': (random, at) => `${ulidTime(at)}${crockford(random, 16)}`,
  'hex of 8': random => hex(random, 8),
  'hex of 12': random => hex(random, 12),
  'hex of 16': random => hex(random, 16),
  'hex of 24': random => hex(random, 24),
  'hex of 32': random => hex(random, 32),
  'hex of 40': random => hex(random, 40),
  'hex of 64': random => hex(random, 64),
  'base 36 of 16': random => base36(random, 16),
  'nanoid of 21': random => base62(random, 21),
  'boot id + counter': random => `b${random.integer(0, 9999)}-${counter(random, 6)}`,
  'boot count + counter of 8': random => `${random.integer(0, 999)}-${counter(random, 8)}`,
  'boot id in hex + counter': random => `${hex(random, 8)}-${random.integer(0, 999_999)}`,
  'boot id of 32 bits + counter': random => `${random.integer(0, 4_294_967_295)}-${counter(random, 8)}`,
  'boot id of 24 bits + counter of 4': random => `${random.integer(0, 16_777_215)}-${padded(random.integer(0, 999), 4)}`,
  'boot UUID + counter': random => `${uuid(random)}~${random.integer(0, 9_999_999)}`,
  'MAC + counter': random => `${hex(random, 12)}-${counter(random, 8)}`,
  'day-time-counter': (random, at) => `${calendar(at).slice(0, 8)}-${calendar(at).slice(8, 14)}-${padded(random.integer(0, 99_999), 5)}`,
  'time and counter of 6': (random, at) => calendar(at).slice(0, 14) + counter(random, 6),
  'time of 12 and counter of 4': (random, at) => calendar(at).slice(2, 14) + padded(random.integer(0, 9999), 4),
  'time to the millisecond': (_, at) => calendar(at),
  'epoch in s-counter': (random, at) => `${Math.floor(at / 1000)}-${counter(random, 6)}`,
  'epoch in s and counter of 4': (random, at) => Math.floor(at / 1000) + padded(random.integer(0, 9999), 4),
  'epoch in ms-counter': (random, at) => `${Math.floor(at)}-${random.integer(0, 99_999)}`,
  'epoch in ms and counter of 4': (random, at) => Math.floor(at) + padded(random.integer(0, 9999), 4),
  'epoch in s': (_, at) => String(Math.floor(at / 1000)),
  'epoch in tenths': (_, at) => String(Math.floor(at / 100)),
  'epoch in ms': (_, at) => String(Math.floor(at)),
  'epoch in µs': (random, at) => `${Math.floor(at)}${padded(random.integer(0, 999), 3)}`,
  'epoch in ns': (random, at) => `${Math.floor(at)}${counter(random, 6)}`,
  'snowflake since 2010': snowflake(1_288_834_974_657),
  'snowflake since 2015': snowflake(1_420_070_400_000),
  'snowflake since 2020': snowflake(Date.UTC(2020, 0, 1)),
  'snowflake since 2024': snowflake(Date.UTC(2024, 0, 1)),
} // biome-ignore format: a table

function ulidTime(at: number): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  let left = Math.floor(at)
  let text = ''
  for (let i = 0; i < 10; i++) {
    text = alphabet[left % 32] + text
    left = Math.floor(left / 32)
  }
  return text
}
