import { isDeepStrictEqual } from 'node:util'
import { anything, assert, constantFrom, dictionary, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EventType, eventTypes, fieldsOf } from '../../devices/contract/kinds.ts'
import { checkEvent, checkStatus } from '../../devices/contract/validate.ts'

const time = '2026-11-29T08:30:00+08:00'
const whole: Record<EventType, object> = {
  passage: { direction: 'in', result: 'granted', method: 'card' },
  door: { state: 'forced' },
  vehicle: { class: 'car', direction: 'in' },
  tamper: { part: 'case', active: true },
  health: { uptimeS: 10 },
}
const event = (type: EventType, data: object) => ({
  id: 'b7-1',
  type,
  time,
  data: { ...whole[type], ...data },
})

describe('a member that is not as the contract says', () => {
  const cases: { type: EventType; sent: Record<string, unknown>; kept: Record<string, unknown> }[] = [
    { type: 'door', sent: { openMs: null }, kept: {} },
    { type: 'door', sent: { openMs: '1200' }, kept: { openMs: 1200 } },
    { type: 'door', sent: { openMs: -1 }, kept: {} },
    { type: 'door', sent: { openMs: 1200.5 }, kept: {} },
    { type: 'door', sent: { openMs: '99999999999' }, kept: {} },
    { type: 'door', sent: { openMs: { ms: 1200 } }, kept: {} },
    { type: 'door', sent: { openMs: '' }, kept: {} },
    { type: 'health', sent: { rssiDbm: '-61' }, kept: { rssiDbm: -61 } },
    { type: 'health', sent: { temperatureC: ' 41.5 ' }, kept: { temperatureC: 41.5 } },
    { type: 'health', sent: { temperatureC: '0x29', queued: 'NaN' }, kept: {} },
    { type: 'health', sent: { uptimeS: '10', firmware: '2.000.00IB007.0.R,build:2023-02-23' }, kept: { uptimeS: 10, firmware: '2.000.00IB007.0.R-build-2023-02-23' } },
    { type: 'health', sent: { firmware: 'V3.2.30 build 220210' }, kept: { firmware: 'V3.2.30-build-220210' } },
    { type: 'health', sent: { firmware: '王小明 1.2 (Wang Xiaoming), Build Date: 2020-10-29' }, kept: { firmware: '1.2-Build-Date-2020-10-29' } },
    { type: 'health', sent: { firmware: '王小明的门禁' }, kept: {} },
    { type: 'health', sent: { firmware: 'of Wang Xiaoming' }, kept: {} },
    { type: 'health', sent: { firmware: `1${'0'.repeat(64)}` }, kept: {} },
    { type: 'health', sent: { firmware: 'v1 13822226666' }, kept: {} },
    { type: 'health', sent: { firmware: '13822226666' }, kept: {} },
    { type: 'health', sent: { firmware: 7 }, kept: {} },
    { type: 'vehicle', sent: { speedKmh: null, lane: '2' }, kept: { lane: 2 } },
    { type: 'vehicle', sent: { class: 'van' }, kept: { class: 'other' } },
    { type: 'passage', sent: { holder: 'tenant' }, kept: { holder: 'unknown' } },
    { type: 'passage', sent: { reason: 'no-idea' }, kept: { reason: 'other' } },
    { type: 'passage', sent: { holder: null, reason: 4 }, kept: {} },
    { type: 'passage', sent: { direction: ' IN', method: 'palm' }, kept: { direction: 'in', method: 'other' } },
    { type: 'tamper', sent: { active: 'True' }, kept: { active: true } },
    { type: 'tamper', sent: { active: 0 }, kept: { active: false } },
  ] // biome-ignore format: a table
  test.each(cases)('$type $sent is kept as $kept, and told', ({ type, sent, kept }) => {
    const expected = { ...whole[type], ...kept }
    const checked = checkEvent(event(type, sent))
    expect(checked).toEqual({
      event: event(type, kept),
      atMs: Date.parse(time),
      mended: expect.toSatisfy(names => isDeepStrictEqual([...names].sort(), Object.keys(sent).sort())),
    })
    expect((checked as { event: { data: object } }).event.data).toEqual(expected)
  })

  const lost: { type: EventType; sent: Record<string, unknown> }[] = [
    { type: 'door', sent: { state: 'ajar' } },
    { type: 'door', sent: { state: null } },
    { type: 'passage', sent: { direction: 'sideways' } },
    { type: 'passage', sent: { result: true } },
    { type: 'passage', sent: { method: null } },
    { type: 'tamper', sent: { active: 'perhaps' } },
    { type: 'tamper', sent: { active: 2 } },
    { type: 'health', sent: { uptimeS: -1 } },
  ]
  test.each(lost)('refuses $type $sent, which says what the event means', ({ type, sent }) => {
    expect(checkEvent(event(type, sent))).toMatchObject({ fault: { code: 'EVENT_INVALID' } })
  })

  test('is mended in a status and a will', () => {
    const texts = ['V3.2.30 build 220210', null, 5]
    expect(texts.map(firmware => checkStatus({ state: 'offline', firmware }))).toEqual([
      { data: { state: 'offline', firmware: 'V3.2.30-build-220210' }, mended: ['firmware'] },
      { data: { state: 'offline' }, mended: ['firmware'] },
      { data: { state: 'offline' }, mended: ['firmware'] },
    ])
    expect(checkStatus({ state: 'ONLINE' })).toEqual({ data: { state: 'online' }, mended: ['state'] })
    expect(checkStatus({ state: 'resting' })).toMatchObject({ fault: { code: 'STATUS_INVALID' } })
  })

  test('costs no event where it may be left out, whatever it is; what is kept is as the contract says', () => {
    const values = anything({ withNullPrototype: false, maxDepth: 1 })
    for (const type of eventTypes) {
      const optional = fieldsOf(type).flatMap(({ name, optional }) => (optional ? [name] : []))
      if (optional.length === 0) continue
      assert(
        property(dictionary(constantFrom(...optional), values), sent => {
          const checked = checkEvent(event(type, sent))
          if ('fault' in checked) throw new Error(checked.fault.reason)
          expect(checkEvent(structuredClone(checked.event))).toMatchObject({ mended: [] })
        }),
      )
    }
  })

  test('lets no text into what is kept but a version', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 80 }), text => {
        const checked = checkEvent(event('health', { firmware: text }))
        if ('fault' in checked) throw new Error(checked.fault.reason)
        const { firmware } = checked.event.data as { firmware?: string }
        expect(firmware ?? 'v1').toMatch(/^[A-Za-z0-9._+-]{1,64}$/)
      }),
    )
  })
})
