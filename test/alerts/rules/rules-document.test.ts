import { describe, expect, test } from 'vitest'
import { parseCalendar } from '../../../alerts/calendar/calendar.ts'
import { calendarIn } from '../../../alerts/calendar/zone-calendar.ts'
import { strangersOf } from '../../../alerts/detect/known-places.ts'
import { changesBetween, parseDocument } from '../../../alerts/rules/rules-document.ts'

const held = (heldS: unknown) => ({ 'door-held': { heldS } })

describe('changes between two documents', () => {
  const cases = [
    { title: 'none of the same', before: { rules: held(9) }, after: { rules: held(9), sites: null }, changes: [] },
    { title: 'one that is new', before: {}, after: { rules: held(9) }, changes: ['rules.door-held.heldS: undefined 9'] },
    { title: 'one that differs', before: { rules: held(9) }, after: { rules: held(8) }, changes: ['rules.door-held.heldS: 9 8'] },
    { title: 'one that is gone', before: { rules: held(9) }, after: { rules: {} }, changes: ['rules.door-held.heldS: 9 undefined'] },
    { title: 'at a point', before: {}, after: { sites: { a: { points: { 'b/d': held(9) } } } }, changes: ['sites.a.points.b/d.door-held.heldS: undefined 9'] },
    { title: 'lists as a whole', before: { calendar: { workdays: ['2027-01-02'] } }, after: { calendar: { workdays: ['2027-01-03'] } }, changes: ['calendar.workdays: 2027-01-02 2027-01-03'] },
  ] // biome-ignore format: a table
  for (const { title, before, after, changes } of cases) {
    test(`are ${title}`, () => {
      const told = changesBetween(before, after)
      expect(told.map(({ path, ...values }) => `${path.join('.')}: ${values.before} ${values.after}`)).toEqual(changes) // biome-ignore format: one line
    })
  }
})

test('a rules document without a calendar declares no days', () => {
  expect(parseDocument({ rules: {} }).calendar.holidays.size).toBe(0)
})

describe('what is declared beside the calendar of a zone', () => {
  const declared = parseCalendar(
    {
      holidays: { founding: ['2026-11-25'], closed: ['2026-02-14'] },
      workdays: ['2026-10-01'],
      occasions: [{ name: 'fair', from: '2026-11-26', to: '2026-11-27' }],
    },
    'calendar',
  )
  test('adds days and occasions, and wins of a day that both name', () => {
    const { holidays, workdays, occasions } = calendarIn('Asia/Shanghai', declared)
    expect(['2026-11-25', '2026-10-02', '2026-10-01'].map(date => holidays.has(date))).toEqual([true, true, false]) // biome-ignore format: one line
    expect(workdays.has('2026-10-01')).toBe(true)
    expect(occasions.map(({ name }) => name)).toEqual(['fair'])
    expect(calendarIn('Asia/Shanghai').workdays.has('2026-02-14')).toBe(true)
    expect(workdays.has('2026-02-14')).toBe(false)
  })
  test('is all that there is in a zone without a calendar', () => {
    expect([...calendarIn('Europe/Berlin', declared).holidays]).toEqual(['2026-11-25', '2026-02-14'])
    expect(calendarIn('Europe/Berlin').holidays.size).toBe(0)
  })
})

describe('places that a document names', () => {
  const devices = [{ site: 'nanshe', building: 'b01', point: 'd01' }]
  const cases = [
    { title: 'nothing where a device stands', sites: { nanshe: { points: { 'b01/d01': {} } } }, says: [] },
    { title: 'that nobody is of a site', sites: { nansh: { points: { 'b01/d01': {} } } }, says: ['sites.nansh: no device stands at a site of this name'] },
    { title: 'that nobody stands at a point', sites: { nanshe: { points: { 'b01/d10': {} } } }, says: ['sites.nanshe.points.b01/d10: no device stands there'] },
    { title: 'nothing of an empty site', sites: { nanshe: null }, says: [] },
  ] // biome-ignore format: a table
  for (const { title, sites, says } of cases)
    test(`are told ${title}`, () => expect(strangersOf({ sites }, devices)).toEqual(says))

  test('are told up to twenty', () => {
    const sites = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`s${n}`, {}]))
    const told = strangersOf({ sites }, devices)
    expect([told.length, told.at(-1)]).toEqual([21, 'and 10 more'])
  })
})
