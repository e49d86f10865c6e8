import { array, assert, constantFrom, integer, property, tuple } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { formatRfc3339, parseRfc3339 } from '../../core/rfc3339.ts'

const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds

describe('a time by RFC 3339', () => {
  const moments = [
    { text: '2026-11-21T08:30:00Z', same: '2026-11-21T08:30:00Z' },
    { text: '2026-11-21T08:30:00+08:00', same: '2026-11-21T00:30:00Z' },
    { text: '2026-11-21T08:30:00-03:30', same: '2026-11-21T12:00:00Z' },
    { text: '2026-11-21t08:30:00z', same: '2026-11-21T08:30:00Z' },
    { text: '2026-11-21 08:30:00Z', same: '2026-11-21T08:30:00Z' },
    { text: '2026-11-21T08:30:00-00:00', same: '2026-11-21T08:30:00Z' },
    { text: '2026-11-21T08:30:00+23:59', same: '2026-11-20T08:31:00Z' },
    { text: '2026-11-21T08:30:00.5Z', same: '2026-11-21T08:30:00.500Z' },
    { text: '2026-11-21T08:30:00.123999999999Z', same: '2026-11-21T08:30:00.123Z' },
    { text: '2016-12-31T23:59:60Z', same: '2017-01-01T00:00:00Z' },
    { text: '2017-01-01T07:59:60+08:00', same: '2017-01-01T00:00:00Z' },
    { text: '2024-02-29T00:00:00Z', same: '2024-02-29T00:00:00Z' },
    { text: '2000-02-29T00:00:00Z', same: '2000-02-29T00:00:00Z' },
    { text: '0001-01-01T00:00:00Z', same: '0001-01-01T00:00:00Z' },
    { text: '0099-12-31T23:59:59Z', same: '0099-12-31T23:59:59Z' },
    { text: '0000-02-29T00:00:00Z', same: '0000-02-29T00:00:00Z' },
    { text: '9999-12-31T23:59:59.999Z', same: '9999-12-31T23:59:59.999Z' },
  ]
  for (const { text, same } of moments) {
    test(`${text} is ${same}`, () => expect(parseRfc3339(text)).toBe(at(same)))
  }

  const wrong = [
    '',
    '2026-11-21',
    '2026-11-21T08:30:00',
    '2026-11-21T08:30Z',
    '2026-11-21T08:30:00+0800',
    '2026-11-21T08:30:00+08',
    '2026-11-21T08:30:00.Z',
    '2026-11-21T08:30:00,5Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-04-00T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T08:60:00Z',
    '2026-11-21T08:30:61Z',
    '2026-11-21T08:30:00+24:00',
    '2026-11-21T08:30:00+08:60',
    '+002026-11-21T08:30:00Z',
    ' 2026-11-21T08:30:00Z',
    '2026-11-21T08:30:00Z\n',
    '２０２６-11-21T08:30:00Z',
    '1795249800000',
  ]
  for (const text of wrong) test(`is not ${JSON.stringify(text)}`, () => expect(parseRfc3339(text)).toBeNaN())

  test('takes what its grammar does and nothing else, however a text differs from a time in a few characters', () => {
    const grammar = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
    const time = constantFrom<string>(
      '2026-11-21T08:30:00.125+08:00',
      '2026-11-21 08:30:00z',
      '2026-11-21T08:30:00.5-03:30',
    )
    const change = tuple(
      integer({ min: 0, max: 30 }),
      integer({ min: 0, max: 2 }),
      constantFrom<string>(...'0123456789-:.TtZz+ ,٣', ''),
    )
    assert(
      property(time, array(change, { maxLength: 3 }), (text, changes) => {
        const changed = changes.reduce(
          (was, [at, cut, by]) => was.slice(0, at) + by + was.slice(at + cut),
          text,
        )
        if (!grammar.test(changed)) expect(parseRfc3339(changed)).toBeNaN()
        // Whether the day, hour and so on are there is said by the tables.
        else if (changes.length === 0) expect(parseRfc3339(changed)).toBe(at(changed.toUpperCase()))
      }),
      { numRuns: 2000 },
    )
  })

  test('agrees with Temporal on any moment in any offset', () => {
    const first = at('0001-01-02T00:00:00Z')
    const last = at('9999-12-30T00:00:00Z')
    const offsets = tuple(constantFrom('+', '-'), integer({ min: 0, max: 23 }), integer({ min: 0, max: 59 }))
    assert(
      property(integer({ min: first, max: last }), offsets, (ms, [sign, hours, minutes]) => {
        const two = (n: number) => String(n).padStart(2, '0')
        const offset = `${sign}${two(hours)}:${two(minutes)}`
        const text = Temporal.Instant.fromEpochMilliseconds(ms).toString({ timeZone: offset })
        expect(parseRfc3339(text)).toBe(ms)
        expect(parseRfc3339(formatRfc3339(ms))).toBe(ms)
      }),
    )
  })

  test('agrees with Temporal on which days there are', () => {
    const parts = tuple(
      integer({ min: 0, max: 9999 }),
      integer({ min: 0, max: 13 }),
      integer({ min: 0, max: 32 }),
    )
    assert(
      property(parts, ([year, month, day]) => {
        const text = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}T00:00:00Z`
        let wanted = Number.NaN
        try {
          wanted = at(text)
        } catch {}
        expect(parseRfc3339(text)).toBe(wanted)
      }),
      { numRuns: 2000 },
    )
  })
})
