import { describe, expect, test } from 'vitest'
import { admitEvents } from '../../gateway/admit/admit-events.ts'
import { someMoment, somewhere } from '../support/records.ts'

const admit = (payload: string) => admitEvents(Buffer.from(payload), somewhere, someMoment)

describe('the refusal of what is not JSON', () => {
  const cases = [
    ['an object that begins with its id', '{"id":"abc","type":"door","time":nan}', 'abc'],
    ['an object with other members before it', '{"specversion":"1.0","n":1, "id" : "b7-1",}', 'b7-1'],
    ['an object with NUL and a byte order mark', '\ufeff{"id":"abc",}\0', 'abc'],
    ['a raw tab behind the id', '{"id":"abc","type":"do\tor"}', 'abc'],
    ['an array', '[{"id":"abc",}]', undefined],
    ['two objects', '{"id":"abc"}{"id":"abd"}', undefined],
    ['two ids', '{"id":"abc","id":"abd",}', undefined],
    ['an id within another member', '{"data":{"id":"abc"},}', undefined],
    ['an id that is cut', '{"id":"abc', undefined],
    ['an id with an escape', '{"id":"a\\u0062c",}', undefined],
    ['an id with other characters', '{"id":"a b",}', undefined],
    ["an id of a person's number", '{"id":"13800138000",}', undefined],
    ["an id of a person's number with separators", '{"id":"138-0013-8000",}', undefined],
    ['an id that is too long', `{"id":"${'x'.repeat(65)}",}`, undefined],
    ['an id behind a kilobyte', `{${'"a":1,'.repeat(5)}${' '.repeat(1100)}"id":"abc",}`, undefined],
  ] as const
  test.each(cases)('names the event where that can be read: %s', (_, payload, id) => {
    const { faults, items } = admit(payload)
    expect(faults).toMatchObject([{ code: 'EVENT_MALFORMED' }])
    expect(faults[0]?.id).toBe(id)
    expect(items).toMatchObject([{ parked: id === undefined ? { code: 'EVENT_MALFORMED' } : { id } }])
    expect(JSON.stringify(items)).not.toContain('138')
  })

  test('costs no time on a payload that is made for it', () => {
    const payload = `{${'"a":"b" ,'.repeat(100)}${'"id" '.repeat(5000)}`
    expect(admit(payload).faults[0]?.id).toBeUndefined()
  })
})
