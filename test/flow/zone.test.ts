import { assert, constantFrom, integer, property } from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../core/clock.ts'
import { formatLocal, parseMoment, segmentsOf, startOfLocalDay } from '../../flow/zone.ts'

const utc = (text: string) => Temporal.Instant.from(text).epochMilliseconds

describe('a range of time in a zone is cut where its offset changes:', () => {
  const cases: { zone: string; from: string; to: string; want: [start: string, offsetHours: number][] }[] = [
    { zone: 'Europe/Berlin', from: '2026-03-29', to: '2026-03-30', want: [['2026-03-29T00:00:00+01:00', 1], ['2026-03-29T03:00:00+02:00', 2]] },
    { zone: 'Europe/Berlin', from: '2026-10-25', to: '2026-10-26', want: [['2026-10-25T00:00:00+02:00', 2], ['2026-10-25T02:00:00+01:00', 1]] },
    { zone: 'America/New_York', from: '2026-03-08', to: '2026-03-09', want: [['2026-03-08T00:00:00-05:00', -5], ['2026-03-08T03:00:00-04:00', -4]] },
    { zone: 'America/New_York', from: '2026-11-01', to: '2026-11-02', want: [['2026-11-01T00:00:00-04:00', -4], ['2026-11-01T01:00:00-05:00', -5]] },
    { zone: 'Australia/Lord_Howe', from: '2026-04-05', to: '2026-04-06', want: [['2026-04-05T00:00:00+11:00', 11], ['2026-04-05T01:30:00+10:30', 10.5]] },
    { zone: 'Australia/Lord_Howe', from: '2026-10-04', to: '2026-10-05', want: [['2026-10-04T00:00:00+10:30', 10.5], ['2026-10-04T02:30:00+11:00', 11]] },
    { zone: 'Asia/Shanghai', from: '1991-04-14', to: '1991-04-15', want: [['1991-04-14T00:00:00+08:00', 8], ['1991-04-14T03:00:00+09:00', 9]] },
    { zone: 'Asia/Shanghai', from: '1991-09-15', to: '1991-09-16', want: [['1991-09-15T00:00:00+09:00', 9], ['1991-09-15T01:00:00+08:00', 8]] },
    { zone: 'Asia/Shanghai', from: '1992-01-01', to: '2026-11-21', want: [['1992-01-01T00:00:00+08:00', 8]] },
    { zone: 'America/Sao_Paulo', from: '2018-11-03', to: '2018-11-05', want: [['2018-11-03T00:00:00-03:00', -3], ['2018-11-04T01:00:00-02:00', -2]] },
    { zone: 'Pacific/Apia', from: '2011-12-29', to: '2012-01-01', want: [['2011-12-29T00:00:00-10:00', -10], ['2011-12-31T00:00:00+14:00', 14]] },
  ] // biome-ignore format: a table
  for (const { zone, from, to, want } of cases) {
    test(`${zone} from ${from} to ${to} has ${want.length}`, () => {
      const [start, end] = [parseMoment(from, zone), parseMoment(to, zone)]
      const segments = segmentsOf(zone, start, end)
      expect(segments.map(segment => [formatLocal(zone, segment.from), segment.offsetMs / hourMs])).toEqual(
        want,
      )
      expect(segments.at(-1)!.to).toBe(end)
    })
  }

  test('each piece says since when its offset has been in force, also the first', () => {
    const change = utc('2026-03-29T01:00:00Z')
    const [first] = segmentsOf('Europe/Berlin', change + 10 * minuteMs, change + hourMs)
    expect(first).toMatchObject({ from: change + 10 * minuteMs, since: change })
    expect(segmentsOf('Europe/Berlin', change, change + hourMs)[0]!.since).toBe(change)
    expect(segmentsOf('UTC', 0, 1)[0]!.since).toBeUndefined()
  })

  test('the pieces follow on each other, and each has the offset that Temporal gives every moment in it', () => {
    const zones = constantFrom(...Intl.supportedValuesOf('timeZone'))
    const moment = integer({ min: utc('1970-01-01T00:00:00Z'), max: utc('2035-01-01T00:00:00Z') })
    assert(
      property(
        zones,
        moment,
        integer({ min: 1, max: 2 * 366 * 24 * hourMs }),
        integer(),
        (zone, from, length, random) => {
          const segments = segmentsOf(zone, from, from + length)
          expect(segments[0]!.from).toBe(from)
          expect(segments.at(-1)!.to).toBe(from + length)
          for (const [index, segment] of segments.entries()) {
            expect(segment.from).toBeLessThan(segment.to)
            expect(segment.since ?? segment.from).toBeLessThanOrEqual(segment.from)
            if (index > 0) expect(segment.from).toBe(segments[index - 1]!.to)
            const inside = segment.from + (Math.abs(random) % (segment.to - segment.from))
            const zoned = Temporal.Instant.fromEpochMilliseconds(inside).toZonedDateTimeISO(zone)
            expect(segment.offsetMs).toBe(zoned.offsetNanoseconds / 1e6)
          }
        },
      ),
    )
  })
})

describe('a local day', () => {
  const days = [
    { zone: 'Asia/Shanghai', day: '2026-11-21', starts: '2026-11-20T16:00:00Z' },
    { zone: 'Europe/Berlin', day: '2026-03-29', starts: '2026-03-28T23:00:00Z' },
    { zone: 'America/Sao_Paulo', day: '2018-11-04', starts: '2018-11-04T03:00:00Z' },
    { zone: 'Africa/Cairo', day: '2026-04-24', starts: '2026-04-23T22:00:00Z' },
    { zone: 'America/Havana', day: '2026-11-01', starts: '2026-11-01T04:00:00Z' },
    { zone: 'Asia/Kathmandu', day: '2026-01-01', starts: '2025-12-31T18:15:00Z' },
  ]
  for (const { zone, day, starts } of days) {
    test(`${day} in ${zone} begins at ${starts}, however it is asked`, () => {
      expect(startOfLocalDay(zone, utc(`${day}T00:00:00Z`))).toBe(utc(starts))
      expect(startOfLocalDay(zone, utc(`${day}T23:59:59Z`))).toBe(utc(starts))
      expect(parseMoment(day, zone)).toBe(utc(starts))
    })
  }
})

describe('a moment given by a person', () => {
  const moments = [
    { text: '2026-11-21', zone: 'Asia/Shanghai', is: '2026-11-20T16:00:00Z' },
    { text: '2026-11-21T08:00', zone: 'Asia/Shanghai', is: '2026-11-21T00:00:00Z' },
    { text: '2026-11-21 08:00:30', zone: 'Asia/Shanghai', is: '2026-11-21T00:00:30Z' },
    { text: '2026-11-21T08:00:00Z', zone: 'Asia/Shanghai', is: '2026-11-21T08:00:00Z' },
    { text: '2026-11-21T08:00+02:00', zone: 'Asia/Shanghai', is: '2026-11-21T06:00:00Z' },
    { text: '2026-11-21T08:00:00.5+02:00', zone: 'Asia/Shanghai', is: '2026-11-21T06:00:00.5Z' },
    { text: '2026-03-29T02:30', zone: 'Europe/Berlin', is: '2026-03-29T01:30:00Z' },
    { text: '2026-10-25T02:30', zone: 'Europe/Berlin', is: '2026-10-25T00:30:00Z' },
  ]
  for (const { text, zone, is } of moments) {
    test(`${text} in ${zone} is ${is}`, () => expect(parseMoment(text, zone)).toBe(utc(is)))
  }
  for (const text of [
    '',
    'today',
    '2026',
    '2026-11',
    '2026-02-30',
    '21.11.2026',
    '2026-11-21T25:00',
    '2026-11-21T08:00:00+08',
    '1795248000000',
    '2026-11-21[Asia/Shanghai]',
    '2026-11-21Z',
  ]) {
    test(`is not ${JSON.stringify(text)}`, () => expect(parseMoment(text, 'Asia/Shanghai')).toBeNaN())
  }
})
