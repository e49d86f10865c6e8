import { describe, expect, test } from 'vitest'
import { noCalendar, parseCalendar } from '../../../alerts/calendar/calendar.ts'
import { chinaCalendar } from '../../../alerts/calendar/china.ts'
import { createSlots } from '../../../alerts/calendar/day.ts'
import { createOffsets, momentsOf } from '../../../alerts/calendar/offsets.ts'
import { hourMs, minuteMs } from '../../../core/clock.ts'
import { codeOf, messageOf } from '../../../core/errors.ts'

describe('a day in China', () => {
  const slotAt = createSlots('Asia/Shanghai', chinaCalendar)
  const cases = [
    { date: '2024-02-04', dayType: 'workday', ordinary: false, title: 'a Sunday that is worked' },
    { date: '2024-02-17', dayType: 'sunday', ordinary: false, title: 'the last day of Spring Festival' },
    { date: '2025-01-27', dayType: 'workday', ordinary: true, title: 'the Monday before it' },
    { date: '2025-10-06', dayType: 'sunday', ordinary: false, title: 'Mid-Autumn within National Day' },
    { date: '2026-02-14', dayType: 'workday', ordinary: false, title: 'a Saturday that is worked' },
    { date: '2026-02-15', dayType: 'sunday', ordinary: false, title: 'a Sunday of Spring Festival' },
    { date: '2026-06-19', dayType: 'sunday', ordinary: false, title: 'Dragon Boat Festival' },
    { date: '2026-10-08', dayType: 'workday', ordinary: true, title: 'the day after National Day' },
    { date: '2027-02-05', dayType: 'sunday', ordinary: false, title: "Lunar New Year's Eve" },
    { date: '2026-11-21', dayType: 'saturday', ordinary: true, title: 'a plain Saturday' },
    { date: '2026-11-22', dayType: 'sunday', ordinary: true, title: 'a plain Sunday' },
  ] as const
  for (const { date, title, ...day } of cases)
    test(`${date}, ${title}, is as a ${day.dayType}`, () => {
      for (const time of ['00:00', '12:30', '23:59'])
        expect(slotAt(Date.parse(`${date}T${time}:00+08:00`))).toMatchObject({ date, ...day })
    })
})

test('the clock on the wall counts: an hour comes twice, or not at all', () => {
  const slotAt = createSlots('America/Los_Angeles', noCalendar)
  const minutes = (from: string, hours: number) =>
    Array.from({ length: hours }, (_, index) => slotAt(Date.parse(from) + index * hourMs).minute / 60)
  expect(minutes('2026-11-01T00:00:00-07:00', 4)).toEqual([0, 1, 1, 2])
  expect(minutes('2026-03-08T00:00:00-08:00', 4)).toEqual([0, 1, 3, 4])
})

describe('a local time', () => {
  const offsetAt = createOffsets('America/Los_Angeles')
  const cases = [
    { local: '2026-07-01T08:00', moments: ['2026-07-01T15:00:00.000Z'] },
    { local: '2026-11-01T01:30', moments: ['2026-11-01T08:30:00.000Z', '2026-11-01T09:30:00.000Z'] },
    { local: '2026-11-01T02:00', moments: ['2026-11-01T10:00:00.000Z'] },
    { local: '2026-03-08T02:30', moments: [] },
    { local: '2026-03-08T03:00', moments: ['2026-03-08T10:00:00.000Z'] },
  ]
  for (const { local, moments } of cases)
    test(`${local} is ${moments.length} moments`, () => {
      const found = momentsOf(Date.parse(`${local}Z`), offsetAt)
      expect(found.map(at => new Date(at).toISOString())).toEqual(moments)
    })

  test('is found in a zone of odd quarters', () => {
    const [at] = momentsOf(Date.parse('2026-07-01T08:00Z'), createOffsets('Asia/Kathmandu'))
    expect(at).toBe(Date.parse('2026-07-01T08:00Z') - 345 * minuteMs)
  })
})

describe('a calendar file', () => {
  test('names holidays, worked weekends and occasions', () => {
    const calendar = parseCalendar(
      {
        holidays: { 'Labor Day': ['2026-09-07'], break: ['2026-12-24/2027-01-02'] },
        workdays: ['2026-09-12'],
        occasions: [{ name: 'fair', from: '2026-05-04T09:00', to: '2026-05-05' }],
      },
      'ours.yaml',
    )
    expect(calendar.holidays.size).toBe(11)
    expect(calendar.holidays.has('2027-01-01')).toBe(true)
    const slotAt = createSlots('America/Los_Angeles', calendar)
    expect(slotAt(Date.parse('2026-05-04T09:00:00-07:00')).occasion).toBe('fair')
    expect(slotAt(Date.parse('2026-05-04T08:59:00-07:00')).occasion).toBeUndefined()
    expect(slotAt(Date.parse('2026-05-05T00:00:00-07:00')).occasion).toBeUndefined()
  })

  test('is refused with every problem', () => {
    const problems = (value: unknown) => {
      try {
        parseCalendar(value, 'ours.yaml')
      } catch (error) {
        expect(codeOf(error)).toBe('CONFIG_INVALID')
        return messageOf(error).split('\n')
      }
      throw new Error('was taken')
    }
    expect(
      problems({
        holidays: { none: ['2026-02-30'], back: ['2026-05-05/2026-05-01'] },
        workdays: ['2026-13-01', '2026-05-09'],
        occasions: [{ name: 'fair', from: '2026-05-05', to: '2026-05-04' }],
      }),
    ).toEqual([
      'ours.yaml: holidays.none: "2026-02-30" is no date, and no first and last one',
      'ours.yaml: holidays.back: "2026-05-05/2026-05-01" is no date, and no first and last one',
      'ours.yaml: workdays: "2026-13-01" is no date, and no first and last one',
      'ours.yaml: occasions.0: from and to must be local times in order, such as 2026-11-21T08:00',
    ])
    expect(problems({ holidays: { a: ['2026-05-01'] }, workdays: ['2026-05-01'] })).toEqual([
      'ours.yaml: 2026-05-01 is both a holiday and a workday',
    ])
    const slips = Array.from({ length: 12 }, () => '1 May')
    expect(problems({ holidays: { a: ['yesterday'] }, workdays: slips })).toEqual([
      'ours.yaml: holidays.a.0: must be YYYY-MM-DD, or FIRST/LAST of these',
      ...slips.map((_, n) => `ours.yaml: workdays.${n}: must be YYYY-MM-DD, or FIRST/LAST of these`),
    ])
    for (const value of [{ feiertage: [] }, null, []]) expect(problems(value).length).toBeGreaterThan(0)
  })
})
