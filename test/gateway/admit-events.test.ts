import { describe, expect, test } from 'vitest'
import { dayMs, minuteMs } from '../../core/clock.ts'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { event, passageData } from '../support/messages.ts'
import { someMoment, somewhere } from '../support/records.ts'

const now = someMoment
const at = (ms: number) => ({ time: new Date(ms).toISOString() })
const valid = (change: object = {}) => event('a', { ...at(now), ...change })
const admit = (payload: unknown) =>
  admitEvents(
    Buffer.isBuffer(payload)
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    somewhere,
    now,
  )
/** `stored`, or the code under which it was parked, of each event. */
const outcomes = (payload: unknown) =>
  admit(payload).items.map(item => ('parked' in item ? item.parked.code : 'stored'))
const withData = (data: object) => valid({ data: { ...passageData, ...data } })
const json = (text: string) => JSON.stringify(valid()).replace('"data"', `${text},"data"`)

describe('a payload that is not JSON', () => {
  const secret = '13800138000'
  const cases = [
    ['nothing', '', /empty/],
    ['spaces', '   ', /not JSON$/],
    ['a NUL', '\0', /empty/],
    ['a NUL between', '{}\0{}', /character 2$/],
    ['another mark', '\uff00{}', /not JSON$/],
    ['a word', `name${secret}`, /not JSON$/],
    ['a cut object', `{"phone":"${secret}"`, /character 22$/],
    ['a cut text', `{"phone":"${secret}`, /character 21$/],
    ['a cut list', '[1,', /not JSON$/],
    ['a missing comma', `{"a":${secret} "b":1}`, /character 17$/],
    ['two objects', `{} ${secret}`, /character 3$/],
    ['a control character', `{"a":"${secret}\u0001"}`, /character 17$/],
    ['single quotes', `{'${secret}':1}`, /character 1$/],
    ['a leading zero', `{"a":0${secret}}`, /character 6$/],
    ['NaN', '{"a":NaN}', /not JSON$/],
    ['what looks like the message of an error', 'x JSON at position 13800', /not JSON$/],
    ['what looks like it, cut', '"x JSON at position 13800', /character 25$/],
    ['form data', `phone=${secret}&x=1`, /not JSON$/],
    ['what is not UTF-8', Buffer.from([0x7b, 0xc3, 0x28, 0xff]), /not UTF-8$/],
    ['GBK', Buffer.from([0x7b, 0xd5, 0xc5, 0xc8, 0xfd]), /not UTF-8$/],
    ['a picture', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0]), /not UTF-8$/],
    ['a million brackets', '['.repeat(1_000_000), /not JSON$/],
  ] as const
  test.each(cases)('such as %s is parked with a reason that quotes nothing of it', (_, payload, reason) => {
    const { items, received, faults } = admit(payload)
    expect(items).toEqual([
      {
        parked: {
          lane: 'event',
          receivedAt: now,
          code: 'EVENT_MALFORMED',
          reason: expect.stringMatching(reason),
          bytes: Buffer.byteLength(payload),
        },
      },
    ])
    expect({ received, faults: faults.length }).toEqual({ received: 1, faults: 1 })
    expect(JSON.stringify(items)).not.toContain('138')
    expect(JSON.stringify(items)).not.toContain('name')
  })
})

describe('an event', () => {
  const cases = [
    ['with every member it needs is stored', valid(), 'stored'],
    ['with unknown members is stored', valid({ foo: 1, data: { ...passageData, bar: {} } }), 'stored'],
    [
      'of two thousand nested lists in an unknown member is stored',
      json(`"x":${'['.repeat(2000)}${']'.repeat(2000)}`),
      'stored',
    ],
    ['with a second id is stored under the last', json('"id":"b"'), 'stored'],
    [
      'with __proto__ among its members is stored',
      json('"__proto__":{"id":"x","data":{"direction":"out"}},"constructor":1'),
      'stored',
    ],
    [
      'that has its members from __proto__ is parked',
      `{"__proto__":${JSON.stringify(valid())}}`,
      'EVENT_ID_INVALID',
    ],
    ['with an unlisted reason is stored', withData({ result: 'denied', reason: '欠费' }), 'stored'],
    ['that is null is parked', 'null', 'EVENT_INVALID'],
    ['that is a number is parked', '5', 'EVENT_INVALID'],
    ['that is a text is parked', '"x"', 'EVENT_INVALID'],
    ['that is an empty object is parked', '{}', 'EVENT_ID_INVALID'],
    ['without an id is parked', valid({ id: undefined }), 'EVENT_ID_INVALID'],
    ['with an empty id is parked', valid({ id: '' }), 'EVENT_ID_INVALID'],
    ['with a number as id is parked', valid({ id: 5 }), 'EVENT_ID_INVALID'],
    ['with an id of 10 kB is parked', valid({ id: 'x'.repeat(10_000) }), 'EVENT_ID_INVALID'],
    ['with an id of 65 characters is parked', valid({ id: 'x'.repeat(65) }), 'EVENT_ID_INVALID'],
    ['with an id of 64 characters is stored', valid({ id: 'x'.repeat(64) }), 'stored'],
    ['with an id that could be one of ours is parked', valid({ id: '#status/1' }), 'EVENT_ID_INVALID'],
    ['with a slash in its id is parked', valid({ id: 'a/b' }), 'EVENT_ID_INVALID'],
    ['with a line feed behind its id is parked', valid({ id: 'a\n' }), 'EVENT_ID_INVALID'],
    ['with a mobile number as id is parked', valid({ id: '13800138000' }), 'EVENT_ID_INVALID'],
    ['with a mobile number and 86 as id is parked', valid({ id: '8613800138000' }), 'EVENT_ID_INVALID'],
    ['with an identity number as id is parked', valid({ id: '11010519491231002X' }), 'EVENT_ID_INVALID'],
    [
      'with an identity number of a wrong checksum as id is parked',
      valid({ id: '110105194912310021' }),
      'EVENT_ID_INVALID',
    ],
    ['with a UUID as id is stored', valid({ id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' }), 'stored'],
    ['with a milliseconds counter as id is stored', valid({ id: '1763713800000' }), 'stored'],
    ['with __proto__ as id is stored', valid({ id: '__proto__' }), 'stored'],
    ['without a type is parked', valid({ type: undefined }), 'EVENT_TYPE_UNKNOWN'],
    ['of an unknown type is parked', valid({ type: 'unlock' }), 'EVENT_TYPE_UNKNOWN'],
    [
      'of a type with a topic of its own is parked',
      valid({ type: 'status', data: { state: 'online' } }),
      'EVENT_TYPE_UNKNOWN',
    ],
    ['of the type constructor is parked', valid({ type: 'constructor' }), 'EVENT_TYPE_UNKNOWN'],
    ['of a type in capitals is parked', valid({ type: 'Passage' }), 'EVENT_TYPE_UNKNOWN'],
    ['of a list as type is parked', valid({ type: ['passage'] }), 'EVENT_TYPE_UNKNOWN'],
    ['without data is parked', valid({ data: undefined }), 'EVENT_INVALID'],
    ['with a list as data is parked', valid({ data: [] }), 'EVENT_INVALID'],
    ['with null as data is parked', valid({ data: null }), 'EVENT_INVALID'],
    ['without a direction is parked', withData({ direction: undefined }), 'EVENT_INVALID'],
    ['with an unknown direction is parked', withData({ direction: 'up' }), 'EVENT_INVALID'],
    [
      'with null for a member that may be left out is stored without it',
      withData({ holder: null }),
      'stored',
    ],
    [
      'with a number as text is stored',
      valid({ type: 'vehicle', data: { class: 'car', direction: 'in', speedKmh: '30' } }),
      'stored',
    ],
    [
      'with a number beyond all bounds is stored without it',
      JSON.stringify(
        valid({ type: 'vehicle', data: { class: 'car', direction: 'in', speedKmh: 4 } }),
      ).replace('"speedKmh":4', '"speedKmh":1e400'),
      'stored',
    ],
    [
      'with a fraction for a whole number is stored without it',
      valid({ type: 'door', data: { state: 'open', openMs: 1.5 } }),
      'stored',
    ],
    [
      'with a negative duration is stored without it',
      valid({ type: 'door', data: { state: 'open', openMs: -1 } }),
      'stored',
    ],
    ['with 1 for true is stored', valid({ type: 'tamper', data: { part: 'case', active: 1 } }), 'stored'],
    [
      'with free text as firmware is stored without it',
      valid({ type: 'health', data: { uptimeS: 1, firmware: '张三 13800138000' } }),
      'stored',
    ],
    ['without a time is parked', valid({ time: undefined }), 'EVENT_INVALID'],
    ['with a number as time is parked', valid({ time: now }), 'EVENT_INVALID'],
    ['with a time without offset is parked', valid({ time: '2026-11-21T08:30:00' }), 'EVENT_TIME_INVALID'],
    ['with a date as time is parked', valid({ time: '2026-11-21' }), 'EVENT_TIME_INVALID'],
    [
      'with the thirtieth of February as time is parked',
      valid({ time: '2026-02-30T00:00:00Z' }),
      'EVENT_TIME_INVALID',
    ],
    ['with an empty time is parked', valid({ time: '' }), 'EVENT_TIME_INVALID'],
  ] as const
  test.each(cases)('%s', (_, payload, outcome) => expect(outcomes(payload)).toEqual([outcome]))

  const times = [
    ['now', at(now), { at: now, late: false, skewed: false }],
    ['of 1970', { time: '1970-01-01T00:00:00Z' }, { at: now, late: false, skewed: true }],
    ['of the year 0', { time: '0000-01-01T00:00:00Z' }, { at: now, late: false, skewed: true }],
    ['of 2106', { time: '2106-02-07T06:28:15Z' }, { at: now, late: false, skewed: true }],
    ['of an hour ago', at(now - 60 * minuteMs), { at: now - 60 * minuteMs, late: true, skewed: false }],
    ['of 40 days ago', at(now - 40 * dayMs), { at: now, late: false, skewed: true }],
    ['in another offset', { time: '2026-11-21T16:30:00+08:00' }, { at: now, late: false, skewed: false }],
  ] as const
  test.each(times)('%s is placed in time', (_, change, placed) => {
    const { items, wantsTime } = admit(valid(change))
    expect(items).toMatchObject([{ record: { ...placed, receivedAt: now } }])
    expect(wantsTime).toBe(placed.skewed || placed.late)
  })

  test.each([
    ['a byte order mark before it', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(valid({})))])],
    ['bytes of GBK in a member that is ignored', Buffer.concat([Buffer.from(JSON.stringify(valid({})).slice(0, -1)), Buffer.from(',"note":"'), Buffer.from([0xc4, 0xcf, 0xc9, 0xe7]), Buffer.from('"}')])],
    ['NUL behind it', Buffer.from(`${JSON.stringify(valid({}))}\0\0`)],
    ['NUL before it, and a line feed and NUL behind it', Buffer.from(`\0${JSON.stringify(valid({}))}\n\0`)],
  ])('with %s is stored', (_, payload) => expect(outcomes(payload)).toEqual(['stored'])) // biome-ignore format: a table

  test('is told what is wrong by member and rule, never by value', () => {
    const [fault] = admit(withData({ direction: '张三', method: 'x'.repeat(50) })).faults
    expect(fault).toEqual({
      code: 'EVENT_INVALID',
      reason: '/data/direction must be one of in, out',
      id: 'a',
    })
  })
})

describe('a message of several events', () => {
  test('may hold one', () => expect(outcomes([valid()])).toEqual(['stored']))
  test('may hold 500', () =>
    expect(admit(Array.from({ length: 500 }, (_, n) => valid({ id: `n${n}` }))).items).toHaveLength(500))
  test.each([0, 501, 100_000])('of %i is parked whole', length => {
    const { items, received } = admit(JSON.stringify(Array(length).fill(0)))
    expect(items).toMatchObject([
      { parked: { code: 'EVENT_BATCH_TOO_LONG', reason: expect.stringContaining(String(length)) } },
    ])
    expect(received).toBe(1)
  })
  test('keeps the good and parks the bad', () => {
    const { received, items } = admit([
      valid(),
      null,
      valid({ id: 'b' }),
      [valid()],
      valid({ id: 'c', type: 'x' }),
    ])
    expect(items.map(item => ('parked' in item ? [item.parked.code, item.parked.id] : item.id))).toEqual([
      'a', ['EVENT_INVALID', undefined], 'b', ['EVENT_INVALID', undefined], ['EVENT_TYPE_UNKNOWN', 'c'],
    ]) // biome-ignore format: one row
    expect(received).toBe(5)
  })
  test('may be a million nested lists', () => {
    expect(outcomes(`${'['.repeat(500_000)}${']'.repeat(500_000)}`)).toEqual(['EVENT_INVALID'])
  })
  test('of 500 is looked through for so many unknown members, and loses all of them', () => {
    const members = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`name${n}`, { phone: n }]))
    const { personalMembers, personal } = admit(
      Array.from({ length: 500 }, (_, n) => valid({ id: `n${n}`, ...members })),
    )
    // A message is looked through for so many; all are cut.
    expect(personalMembers).toBe(5000)
    expect(personal.toSorted()).toEqual(['name', 'phone'])
  })
})
