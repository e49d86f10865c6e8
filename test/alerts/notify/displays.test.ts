import { describe, expect, test } from 'vitest'
import { createAlerts } from '../../../alerts/book/book.ts'
import { createDisplays } from '../../../alerts/notify/channels/displays.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import { findingOf, pass, settingsOf, simulateTime, start, startDesk } from './support.ts'

const wants = { changes: 'all', least: 'notice' } as const
const minute = 60_000

async function startScreens() {
  simulateTime()
  const state = createMemoryState()
  const list = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays: 30 })
  const shown: { site: string; payload: string }[] = []
  const broker = { isDown: false }
  const channel = createDisplays({
    alerts: list,
    wants,
    clock: () => Date.now(),
    async publish(site, payload) {
      if (broker.isDown) throw new Error('the gateway does not answer')
      shown.push({ site, payload })
    },
  })
  const desk = await startDesk([settingsOf('screens', channel, { wants })], state)
  const last = (site: string) => JSON.parse(shown.findLast(one => one.site === site)?.payload ?? 'null')
  return { ...desk, shown, broker, last }
}

describe('displays', () => {
  test('have what is open at their site, and nothing of others', async () => {
    const { find, last, alerts, shown } = await startScreens()
    await find(findingOf('a', 'raised', start, { rule: 'tamper' }), findingOf('b', 'raised', start))
    await pass(0)
    expect(last('a')).toMatchObject({
      specversion: '1.0',
      type: 'lintel.alerts.open',
      subject: 'a',
      data: {
        site: 'a',
        more: 0,
        open: [{ rule: 'tamper', status: 'open', times: 1, says: { en: expect.any(String) } }],
      },
    })
    await pass(minute - 1000)
    const [alert] = alerts.list({ sites: ['a'], limit: 1 }).alerts
    await alerts.act(alert!.id, { do: 'acknowledge' }, 'zhou', Date.now())
    await pass(0)
    expect(last('a').data.open).toMatchObject([{ status: 'acknowledged' }])
    expect(shown.map(({ payload }) => payload).join()).not.toContain('zhou')
    await find(findingOf('a', 'cleared', Date.now(), { rule: 'tamper' }))
    await pass(1000)
    expect(last('a').data.open).toEqual([])
    expect(last('b').data.open).toHaveLength(1)
  })

  test('are told nothing that is asleep', async () => {
    const { find, last, alerts } = await startScreens()
    await find(findingOf('a', 'raised', start, { rule: 'tamper' }))
    await pass(1000)
    const until = start + 60 * minute
    await alerts.snooze({ why: 'snooze', place: { site: 'a' }, from: Date.now(), until }, 'zhou', Date.now())
    await pass(1000)
    expect(last('a').data.open).toEqual([])
  })

  test('have the state again each minute: a broker that was started again has forgotten it', async () => {
    const { find, shown, broker } = await startScreens()
    broker.isDown = true
    await find(findingOf('a', 'raised', start))
    await pass(2000)
    expect(shown).toEqual([])
    broker.isDown = false
    await pass(3000)
    expect(shown).toHaveLength(1)
    await pass(3 * minute)
    expect(shown).toHaveLength(4)
  })

  test('go on hearing of a site where nothing is open any more, after a restart too', async () => {
    const { find, alerts, notifier, state } = await startScreens()
    await find(findingOf('a', 'raised', start, { rule: 'tamper' }))
    await find(findingOf('a', 'cleared', start, { rule: 'tamper' }))
    await pass(1000)
    await notifier.stop()
    const shown: string[] = []
    const publish = async (site: string) => void shown.push(site)
    const channel = createDisplays({ alerts, wants, clock: () => Date.now(), publish })
    await startDesk([settingsOf('screens', channel, { wants })], state)
    await pass(minute)
    expect(shown).toEqual(['a', 'a'])
  })

  test('get 60 kB at most, the newest, and how many more there are', async () => {
    const { find, shown } = await startScreens()
    const long = (n: number): Finding => ({
      ...findingOf('a', 'raised', start + n, { rule: 'tamper' }),
      place: { site: 'a', building: `b${n}${'栋'.repeat(200)}`, point: 'd', device: `d${n}` },
    })
    await find(...Array.from({ length: 80 }, (_, n) => long(n)))
    await pass(1000)
    const { payload } = shown.at(-1)!
    const { open, more } = JSON.parse(payload).data
    expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(60_000)
    expect(open.length).toBeGreaterThan(10)
    expect(open.length + more).toBe(80)
  })
})
