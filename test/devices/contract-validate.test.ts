import { describe, expect, test } from 'vitest'
import { type EventType, eventTypes } from '../../devices/contract/kinds.ts'
import { checkEvent, checkStatus } from '../../devices/contract/validate.ts'

const time = '2026-11-21T08:30:00+08:00'
const valid: Record<EventType, Record<string, unknown>> = {
  passage: { direction: 'in', result: 'granted', method: 'card' },
  door: { state: 'open' },
  vehicle: { class: 'car', direction: 'in' },
  tamper: { part: 'case', active: true },
  health: { uptimeS: 5 },
}
const event = (type: EventType, data: object = {}, rest: object = {}) => ({
  id: 'a-1',
  type,
  time,
  data: { ...valid[type], ...data },
  ...rest,
})

describe('an event', () => {
  for (const type of eventTypes) {
    test(`of type ${type} with its required members alone is taken, in its own time`, () => {
      const wanted = event(type)
      expect(checkEvent(structuredClone(wanted))).toEqual({
        event: wanted,
        atMs: Date.UTC(2026, 10, 21, 0, 30),
        mended: [],
      })
    })

    for (const member of Object.keys(valid[type])) {
      test(`of type ${type} without ${member} is refused by name`, () => {
        const bad = event(type)
        delete bad.data[member]
        expect(checkEvent(bad)).toEqual({ fault: { code: 'EVENT_INVALID', reason: `/data lacks ${member}` } })
      })
    }
  }

  const taken = [
    {
      title: 'unknown members',
      value: { ...event('door', { colour: 'red' }), extra: 1, specversion: '1.0' },
    },
    { title: 'the longest id', value: event('door', {}, { id: 'x'.repeat(64) }) },
    { title: 'every character of an id', value: event('door', {}, { id: 'aZ09._:~-' }) },
    { title: 'the largest uptime', value: event('health', { uptimeS: 4_294_967_295 }) },
    { title: 'the strangest weather', value: event('health', { temperatureC: -100, rssiDbm: 50 }) },
  ]
  for (const { title, value } of taken)
    test(`with ${title} is taken`, () => expect(checkEvent(value)).toHaveProperty('event'))

  test('with a reason that is not listed is taken, its reason kept as other', () => {
    const checked = checkEvent(event('passage', { result: 'denied', reason: 'Mr Zhang owes rent' }))
    expect(checked).toMatchObject({ event: { data: { reason: 'other' } } })
  })

  const refused: { title: string; value: unknown; code: string; reason: RegExp }[] = [
    { title: 'that is text', value: 'x', code: 'EVENT_INVALID', reason: /must be a JSON object/ },
    { title: 'that is null', value: null, code: 'EVENT_INVALID', reason: /must be a JSON object/ },
    { title: 'that is an array', value: [], code: 'EVENT_INVALID', reason: /must be a JSON object/ },
    { title: 'without an id', value: event('door', {}, { id: undefined }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with a number for an id', value: event('door', {}, { id: 5 }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with an empty id', value: event('door', {}, { id: '' }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with an id too long', value: event('door', {}, { id: 'x'.repeat(65) }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with a slash in its id', value: event('door', {}, { id: 'a/b' }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with a line break after its id', value: event('door', {}, { id: 'a\n' }), code: 'EVENT_ID_INVALID', reason: /^\/id/ },
    { title: 'with a mobile number for an id', value: event('door', {}, { id: '13912345678' }), code: 'EVENT_ID_INVALID', reason: /person's number/ },
    { title: 'with a resident number for an id', value: event('door', {}, { id: '11010519491231002X' }), code: 'EVENT_ID_INVALID', reason: /person's number/ },
    { title: 'without a type', value: { ...event('door'), type: undefined }, code: 'EVENT_TYPE_UNKNOWN', reason: /passage, door, vehicle, tamper, health/ },
    { title: 'of a type from Object.prototype', value: { ...event('door'), type: 'constructor' }, code: 'EVENT_TYPE_UNKNOWN', reason: /^\/type/ },
    { title: 'of the type status', value: { ...event('door'), type: 'status' }, code: 'EVENT_TYPE_UNKNOWN', reason: /^\/type/ },
    { title: 'without a time', value: { ...event('door'), time: undefined }, code: 'EVENT_INVALID', reason: /time/ },
    { title: 'with a number for a time', value: { ...event('door'), time: 5 }, code: 'EVENT_INVALID', reason: /^\/time/ },
    { title: 'with a time that has no offset', value: { ...event('door'), time: '2026-11-21T08:30:00' }, code: 'EVENT_TIME_INVALID', reason: /offset or Z/ },
    { title: 'on a day that never was', value: { ...event('door'), time: '2026-02-30T08:30:00Z' }, code: 'EVENT_TIME_INVALID', reason: /^\/time/ },
    { title: 'with a time too long', value: { ...event('door'), time: `2026-11-21T08:30:00.${'1'.repeat(40)}Z` }, code: 'EVENT_INVALID', reason: /^\/time/ },
    { title: 'without data', value: { id: 'a', type: 'door', time }, code: 'EVENT_INVALID', reason: /data/ },
    { title: 'with null for data', value: { id: 'a', type: 'passage', time, data: null }, code: 'EVENT_INVALID', reason: /^\/data/ },
    { title: 'with a word not listed', value: event('passage', { result: 'magic' }), code: 'EVENT_INVALID', reason: /^\/data\/result must be one of granted, denied/ },
    { title: 'with text for a flag', value: event('tamper', { active: 'yes' }), code: 'EVENT_INVALID', reason: /^\/data\/active/ },
  ] // biome-ignore format: a table
  for (const { title, value, code, reason } of refused) {
    test(`${title} is refused as ${code}`, () => {
      expect(checkEvent(value)).toEqual({ fault: { code, reason: expect.stringMatching(reason) } })
    })
  }

  test('is refused without a word of what it held', () => {
    const secret = '张三 13912345678'
    for (const value of [
      event('passage', { method: secret }),
      { ...event('door'), time: secret },
      event('door', {}, { id: secret }),
      event('health', { firmware: secret }),
    ]) {
      expect(JSON.stringify(checkEvent(value))).not.toContain('139')
    }
  })
})

describe('a status', () => {
  test('is taken with a state, with or without a firmware', () => {
    expect(checkStatus({ state: 'online' })).toEqual({ data: { state: 'online' }, mended: [] })
    expect(checkStatus({ state: 'offline', firmware: '1.2' })).toEqual({
      data: { state: 'offline', firmware: '1.2' },
      mended: [],
    })
  })
  for (const value of [null, {}, { state: 'on' }, { state: null }, [], 'online']) {
    test(`is refused as ${JSON.stringify(value)}`, () => {
      expect(checkStatus(value)).toMatchObject({ fault: { code: 'STATUS_INVALID' } })
    })
  }
})
