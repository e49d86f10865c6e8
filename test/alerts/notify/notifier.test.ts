import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Channel, Message } from '../../../alerts/notify/channel.ts'
import { codeOf } from '../../../core/errors.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import type { State } from '../../../core/state/state.ts'
import {
  findingOf,
  pass,
  people,
  programs,
  recorder,
  settingsOf,
  simulateTime,
  start,
  startDesk,
} from './support.ts'

const minute = 60_000
const sites = Array.from({ length: 24 }, (_, n) => `s${String(n).padStart(2, '0')}`)

describe('the notifier', () => {
  test('tells at once what begins, and that it has ended once it cannot come again as the same', async () => {
    simulateTime()
    const { channel, sent, told } = recorder()
    const { find } = await startDesk([settingsOf('hook', channel)])
    await find(findingOf('a', 'raised', start))
    await pass(0)
    expect(told()).toEqual([['a raised']])
    await pass(minute)
    await find(findingOf('a', 'cleared', Date.now()))
    await pass(10 * minute - 1)
    expect(told()).toEqual([['a raised']])
    await pass(2 * minute + 1)
    expect(told()).toEqual([['a raised'], ['a cleared']])
    expect(new Set(sent.map(({ message }) => message.key)).size).toBe(2)
  })

  test('is silent about what comes and goes, and about its end until it stays', async () => {
    simulateTime()
    const { channel, told } = recorder()
    const { find } = await startDesk([settingsOf('hook', channel)])
    for (let times = 1; times <= 5; times++) {
      await find(findingOf('a', 'raised', Date.now(), { cause: `site@${times}` }))
      await pass(minute)
      await find(findingOf('a', 'cleared', Date.now(), { cause: `site@${times}` }))
      await pass(3 * minute)
    }
    expect(told()).toEqual([['a raised']])
    await pass(20 * minute)
    expect(told()).toEqual([['a raised'], ['a cleared']])
  })

  test('tells anew what comes again after a person has resolved it, and no end of what was resolved', async () => {
    simulateTime()
    const { channel, told } = recorder()
    const { find, alerts } = await startDesk([settingsOf('hook', channel)])
    await find(findingOf('a', 'raised', start))
    await pass(minute)
    const [alert] = alerts.list({ limit: 1 }).alerts
    await alerts.act(alert!.id, { do: 'resolve', outcome: 'real' }, 'zhou', Date.now())
    await find(findingOf('a', 'cleared', Date.now()))
    await pass(minute)
    await find(findingOf('a', 'raised', Date.now(), { cause: 'site@2' }))
    await pass(20 * minute)
    expect(told()).toEqual([['a raised'], ['a reopened']])
  })

  test('tells anew what was resolved while its message was on its way', async () => {
    simulateTime()
    const { channel, told } = recorder(async () => {
      await new Promise(resolve => setTimeout(resolve, minute / 6))
      return { delivered: true }
    })
    const { find, alerts } = await startDesk([settingsOf('hook', channel)])
    await find(findingOf('a', 'raised', start))
    await pass(1000)
    const [alert] = alerts.list({ limit: 1 }).alerts
    await alerts.act(alert!.id, { do: 'resolve', outcome: 'real' }, 'zhou', Date.now())
    await pass(2 * minute)
    await find(findingOf('a', 'raised', Date.now(), { cause: 'site@2' }))
    await pass(minute)
    expect(told()).toEqual([['a raised'], ['a reopened']])
  })

  test('tells what was asleep once it wakes, if it still goes on', async () => {
    simulateTime()
    const { channel, told } = recorder()
    const { find, alerts, state } = await startDesk([settingsOf('hook', channel)])
    const place = { site: 'a' }
    await alerts.snooze({ why: 'snooze', place, from: start, until: start + 5 * minute }, 'zhou', start)
    await find(findingOf('a', 'raised', start), findingOf('b', 'raised', start))
    await pass(minute)
    expect(told()).toEqual([['b raised']])
    await pass(5 * minute)
    alerts.published(await state.transact(() => alerts.expire(Date.now())))
    await pass(minute)
    expect(told()).toEqual([['b raised'], ['a woken']])
  })

  for (const { changes, heard } of [
    { changes: 'main', heard: [['a raised'], ['a cleared']] },
    { changes: 'all', heard: [['a raised'], ['a snoozed'], ['a cleared']] },
  ] as const) {
    test(`tells the end of what is asleep to a channel of ${changes} changes that heard its beginning, and to no other`, async () => {
      simulateTime()
      const { channel, told } = recorder()
      const { find, alerts } = await startDesk([
        settingsOf('hook', channel, { wants: { changes, least: 'notice' } }),
      ])
      await find(findingOf('a', 'raised', start, { rule: 'tamper' }))
      await pass(minute)
      const snooze = (site: string) =>
        alerts.snooze(
          { why: 'snooze', place: { site }, from: Date.now(), until: Date.now() + 4 * minute },
          'zhou',
          Date.now(),
        )
      await snooze('a')
      await snooze('b')
      await find(findingOf('b', 'raised', Date.now(), { rule: 'tamper' }))
      await pass(minute)
      await find(findingOf('a', 'cleared', Date.now(), { rule: 'tamper' }))
      await find(findingOf('b', 'cleared', Date.now(), { rule: 'tamper' }))
      await pass(15 * minute)
      expect(told()).toEqual(heard)
    })
  }

  test('tells all changes to a channel that asks for all', async () => {
    simulateTime()
    const { channel, told } = recorder()
    const { find, alerts } = await startDesk([
      settingsOf('hook', channel, { wants: { changes: 'all', least: 'notice' } }),
    ])
    await find(findingOf('a', 'raised', start, { rule: 'tamper' }))
    await pass(minute)
    const [alert] = alerts.list({ limit: 1 }).alerts
    await alerts.act(alert!.id, { do: 'acknowledge' }, 'zhou', Date.now())
    await alerts.act(alert!.id, { do: 'comment', note: 'on the way' }, 'zhou', Date.now())
    await pass(minute)
    await find(findingOf('a', 'cleared', Date.now(), { rule: 'tamper' }))
    await pass(minute)
    await find(findingOf('a', 'raised', Date.now(), { rule: 'tamper', cause: 'site@2' }))
    await pass(minute)
    expect(told()).toEqual([['a raised'], ['a acknowledged'], ['a commented'], ['a cleared'], ['a reopened']])
  })

  for (const [readers, pace] of [
    ['people', people],
    ['programs', programs],
  ] as const) {
    test(`makes three messages of a storm, for ${readers}: 24 sites drop and return three times in ten minutes`, async () => {
      simulateTime()
      const { channel, sent, told } = recorder()
      const { find } = await startDesk([settingsOf('duty', channel, { pace })])
      for (let wave = 1; wave <= 3; wave++) {
        for (const site of sites) {
          await find(findingOf(site, 'raised', Date.now(), { cause: `site@${wave}` }))
          await pass(150)
        }
        await pass(1.5 * minute)
        for (const site of sites) {
          await find(findingOf(site, 'cleared', Date.now(), { cause: `site@${wave}` }))
          await pass(150)
        }
        await pass(1.5 * minute)
      }
      await pass(60 * minute)
      expect(sent.length).toBe(3)
      const lines = told().flat().sort()
      expect(lines).toEqual(sites.flatMap(site => [`${site} cleared`, `${site} raised`]))
    })
  }

  test('tells programs of a steady stream within a second, with a receiver that takes its time', async () => {
    simulateTime()
    const { channel, sent } = recorder(async () => {
      await new Promise(resolve => setTimeout(resolve, 100))
      return { delivered: true }
    })
    const { find } = await startDesk([settingsOf('hook', channel)])
    for (let n = 0; n < 300; n++) {
      await find(findingOf(`s${n}`, 'raised', Date.now(), { rule: 'door-forced' }))
      await pass(200)
    }
    await pass(1000)
    const delays = sent
      .flatMap(({ message, at }) => message.told.map(({ change }) => at - change.at))
      .sort((a, b) => a - b)
    expect(delays.length).toBe(300)
    expect(delays.at(-3)).toBeLessThanOrEqual(700)
  })

  test('delays no channel by another that hangs, fails or throws', async () => {
    simulateTime()
    const good = recorder()
    const hangs: Channel = { kind: 'webhook', send: () => new Promise(() => {}) }
    const throws: Channel = { kind: 'webhook', send: () => Promise.reject(new Error('no')) }
    const fails = recorder(() => ({ delivered: false, fault: 'HTTP 500' }))
    const { find, notifier, faults } = await startDesk([
      settingsOf('hangs', hangs),
      settingsOf('throws', throws),
      settingsOf('fails', fails.channel),
      settingsOf('good', good.channel, {
        wants: { changes: 'main', least: 'notice', sites: ['a', 'b', 'c'] },
      }),
    ])
    for (const site of ['a', 'b', 'c']) {
      await find(findingOf(site, 'raised', Date.now(), { rule: 'door-forced' }))
      await pass(500)
    }
    expect(good.told()).toEqual([['a raised'], ['b raised'], ['c raised']])
    await pass(minute)
    const keys = new Set(fails.sent.map(({ message }) => message.key))
    expect(fails.sent.length).toBeGreaterThan(4)
    expect([...keys]).toHaveLength(1)
    const views = Object.fromEntries(notifier.channels().map(view => [view.name, view]))
    expect(views.good).toMatchObject({
      sites: ['a', 'b', 'c'],
      waiting: 0,
      sent: 3,
      failed: 0,
      undelivered: 0,
    })
    expect(views.hangs).toMatchObject({ waiting: 3, sent: 0, fault: 'no answer within 30 s' })
    expect(views.throws).toMatchObject({ waiting: 3, fault: 'no', oldestAt: start })
    expect(views.fails).toMatchObject({ waiting: 3, fault: 'HTTP 500' })
    expect(views.fails).not.toHaveProperty('sites')
    expect(new Set(faults.map(codeOf))).toEqual(new Set(['NOTIFY_FAILED']))
    expect(await notifier.metrics()).toContain('lintel_notify_waiting{channel="fails"} 3')
  })

  test('gives up after giveUpMs: counted, and in the history of each alert', async () => {
    simulateTime()
    let isDown = true
    const { channel, told } = recorder(() =>
      isDown ? { delivered: false, fault: 'HTTP 500' } : { delivered: true },
    )
    const { find, notifier, alerts, faults } = await startDesk([
      settingsOf('hook', channel, { giveUpMs: 10 * minute }),
    ])
    await find(findingOf('a', 'raised', start), findingOf('b', 'raised', start))
    await pass(20 * minute)
    expect(notifier.channels()[0]).toMatchObject({ undelivered: 2, waiting: 0, sent: 0 })
    expect(faults.map(codeOf)).toContain('NOTIFY_UNDELIVERED')
    for (const { id } of alerts.list({ limit: 9 }).alerts)
      expect(alerts.history(id).at(-1)).toMatchObject({ what: 'undelivered', channel: 'hook' })
    isDown = false
    await find(findingOf('c', 'raised', Date.now()))
    await pass(minute)
    expect(told().at(-1)).toEqual(['c raised'])
    expect(notifier.channels()[0]).not.toHaveProperty('fault')
  })

  test('does not let one message that is refused for good stand before all others', async () => {
    simulateTime()
    const { channel, told } = recorder(({ told }) =>
      told[0]!.alert.place.site === 'bad'
        ? { delivered: false, fault: 'HTTP 413', refused: true }
        : { delivered: true },
    )
    const { find, notifier } = await startDesk([settingsOf('hook', channel)])
    await find(findingOf('bad', 'raised', start))
    await pass(100)
    await find(findingOf('good', 'raised', Date.now(), { rule: 'door-forced' }))
    // Half a minute of it may be the other side on its way up.
    await pass(9 * minute)
    expect(notifier.channels()[0]).toMatchObject({ undelivered: 0, sent: 0 })
    await pass(7 * minute)
    const tries = told()
    expect(tries.slice(0, -1).every(([said]) => said === 'bad raised')).toBe(true)
    expect(tries.length).toBeGreaterThan(5)
    expect(tries.at(-1)).toEqual(['good raised'])
    expect(notifier.channels()[0]).toMatchObject({ undelivered: 1, failed: tries.length - 1, sent: 1 })
  })

  test('waits as long as it is told to', async () => {
    simulateTime()
    const waitMs = 10 * minute
    const { channel, sent } = recorder(() =>
      sent.length === 1 ? { delivered: false, fault: 'errcode 130101', waitMs } : { delivered: true },
    )
    const { find } = await startDesk([settingsOf('robot', channel, { pace: people })])
    await find(findingOf('a', 'raised', start))
    await pass(30 * minute)
    expect(sent.map(({ at }) => at - start)).toEqual([0, waitMs])
    expect(sent[0]!.message).toEqual(sent[1]!.message)
  })

  test('escalates what nobody has taken and what still goes on, and has that in the history', async () => {
    simulateTime()
    const first = recorder()
    const second = recorder()
    const { find, alerts } = await startDesk([
      settingsOf('first', first.channel),
      settingsOf('second', second.channel, {
        wants: { changes: 'main', least: 'notice', afterMs: 15 * minute },
      }),
    ])
    await find(...['taken', 'over', 'left'].map(site => findingOf(site, 'raised', start)))
    await pass(minute)
    const idOf = (site: string) => alerts.list({ limit: 9, sites: [site] }).alerts[0]!.id
    await alerts.act(idOf('taken'), { do: 'acknowledge' }, 'zhou', Date.now())
    await find(findingOf('over', 'cleared', Date.now()))
    await pass(14 * minute)
    expect(second.told()).toEqual([['left escalated']])
    expect(alerts.history(idOf('left')).at(-1)).toMatchObject({ what: 'escalated', channel: 'second' })
    await find(findingOf('left', 'cleared', Date.now()))
    await pass(20 * minute)
    expect(second.told()).toEqual([['left escalated'], ['left cleared']])
    expect(first.told().flat()).toEqual([
      'taken raised',
      'over raised',
      'left raised',
      'over cleared',
      'left cleared',
    ])
  })

  test('holds its tongue in quiet hours, but for what is critical, and tells in the morning what goes on', async () => {
    simulateTime()
    // 10:00 in Shanghai.
    const quiet = { from: '09:00', to: '12:00', zone: 'Asia/Shanghai', exceptCritical: true }
    const { channel, sent, told } = recorder()
    const { find, notifier, alerts } = await startDesk([settingsOf('duty', channel, { pace: people, quiet })])
    const warning = { rule: 'device-offline', severity: 'warning' } as const
    await find(...['short', 'done', 'long'].map(site => findingOf(site, 'raised', start, warning)))
    await find(findingOf('grave', 'raised', start))
    await pass(minute)
    expect(told()).toEqual([['grave raised']])
    expect(notifier.channels()[0]).toMatchObject({ waiting: 3, quietUntil: start + 2 * 60 * minute })
    await find(findingOf('short', 'cleared', Date.now(), warning))
    const [done] = alerts.list({ limit: 1, sites: ['done'] }).alerts
    await alerts.act(done!.id, { do: 'resolve', outcome: 'real' }, 'zhou', Date.now())
    await pass(119 * minute)
    expect(told()).toEqual([['grave raised'], ['long raised']])
    expect(sent[1]).toMatchObject({ at: start + 120 * minute, message: { over: 2 } })
  })

  test('bounds what waits: the oldest are given up', async () => {
    simulateTime()
    const { channel } = recorder(() => ({ delivered: false, fault: 'HTTP 500' }))
    const state = createMemoryState()
    const table = state.table('notice')
    await state.transact(() => {
      for (let number = 1; number <= 10_002; number++) {
        const change = { number, alert: `a${number}`, what: 'raised', at: start }
        const alert = { id: `a${number}`, severity: 'critical', rule: 'door-forced' }
        table.put(`hook/${String(number).padStart(12, '0')}`, { changed: { change, alert }, dueAt: start })
      }
      table.put('gone/000000000001', {})
    })
    const all = { changes: 'all', least: 'notice' } as const
    const { notifier, faults } = await startDesk([settingsOf('hook', channel, { wants: all })], state)
    await pass(0)
    expect(notifier.channels()[0]).toMatchObject({ undelivered: 2, waiting: 10_000 })
    expect(faults.map(codeOf)).toEqual(['NOTIFY_UNDELIVERED', 'NOTIFY_FAILED'])
    expect([...table.entries({ limit: 1 })][0]![0]).toBe('hook/000000000003')
  })

  test('sends nothing twice because what came of it cannot be written down', async () => {
    simulateTime()
    const state = createMemoryState()
    let isFull = false
    const full: State = {
      ...state,
      transact: change => (isFull ? Promise.reject(new Error('no space left')) : state.transact(change)),
    }
    const { channel, sent } = recorder(() => {
      isFull = true
      return { delivered: true }
    })
    const { find, notifier, faults } = await startDesk([settingsOf('hook', channel)], full)
    await find(findingOf('a', 'raised', start))
    await pass(60 * minute)
    expect(faults.length).toBeGreaterThan(100)
    expect(sent).toHaveLength(1)
    isFull = false
    await pass(minute)
    expect(sent).toHaveLength(1)
    expect(notifier.channels()[0]).toMatchObject({ sent: 1, waiting: 0 })
  })

  test('goes on after the clock was set back by an hour', async () => {
    simulateTime()
    const { channel, told } = recorder()
    const { find } = await startDesk([settingsOf('duty', channel, { pace: people })])
    await find(findingOf('a', 'raised', Date.now()))
    await pass(1000)
    await find(findingOf('b', 'raised', Date.now()))
    await pass(1000)
    vi.setSystemTime(Date.now() - 60 * minute)
    await find(findingOf('c', 'raised', Date.now()))
    await pass(2 * minute)
    expect(told().flat().sort()).toEqual(['a raised', 'b raised', 'c raised'])
  })

  test('tries a channel that somebody names, and knows no other', async () => {
    simulateTime()
    const { channel, sent } = recorder()
    const { notifier } = await startDesk([settingsOf('hook', channel)])
    expect(await notifier.test('hook')).toEqual({ delivered: true })
    expect(sent[0]!.message).toMatchObject({ isTest: true, told: [] })
    await expect(notifier.test('nobody')).rejects.toThrow('there is no channel nobody; there are hook')
  })
})

test('what waits to be tried again goes out as soon as a trial gets through', async () => {
  simulateTime()
  let isMended = false
  const { channel, sent } = recorder(() =>
    isMended ? { delivered: true } : { delivered: false, fault: 'closed', waitMs: 30 * minute },
  )
  const { find, notifier } = await startDesk([settingsOf('hook', channel)])
  await find(findingOf('a', 'raised', start))
  await pass(minute)
  expect(sent).toHaveLength(1)
  isMended = true
  await notifier.test('hook')
  await pass(1000)
  expect(sent).toHaveLength(3)
  expect(sent[2]!.message).toEqual(sent[0]!.message)
})

describe('a process that is killed', () => {
  /** From the nth step on nothing is written any more and nothing answers; the step itself may have had its effect. */
  function mortal(state: State, killAt: number, hasEffect: boolean) {
    let steps = 0
    const never = new Promise<never>(() => {})
    const isDead = () => steps >= killAt
    const step = async <T>(act: () => Promise<T>): Promise<T> => {
      if (isDead()) return never
      steps++
      if (!isDead()) return act()
      if (hasEffect) await act()
      return never
    }
    return {
      state: { ...state, transact: <T>(change: () => T) => step(() => state.transact(change)) },
      send: (act: () => Promise<void>) => step(act),
    }
  }

  test('loses no alert wherever it was killed, and sends what it repeats under the same key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.boolean()), { maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 6 }),
        async (kills, gaps) => {
          simulateTime()
          const durable = createMemoryState()
          const received: Message[] = []
          let left = gaps.map((gap, n) => ({ gap, site: `s${n}` }))
          for (const [killAt, hasEffect] of [...kills, [Number.POSITIVE_INFINITY, true] as const]) {
            const { state, send } = mortal(durable, killAt, hasEffect)
            const channel: Channel = {
              kind: 'webhook',
              async send(message) {
                await send(async () => void received.push(message))
                return { delivered: true }
              },
            }
            void (async () => {
              const { find } = await startDesk([settingsOf('hook', channel)], state)
              while (left.length > 0) {
                const [{ gap, site }] = left as [(typeof left)[0]]
                await find(findingOf(site, 'raised', start, { rule: 'door-forced' }))
                left = left.slice(1)
                await new Promise(resolve => setTimeout(resolve, gap))
              }
            })()
            await pass(30_000)
          }
          const contents = new Map<string, string>()
          const keyOfAlert = new Map<string, string>()
          for (const message of received) {
            const text = JSON.stringify(message)
            expect(contents.get(message.key) ?? text).toBe(text)
            contents.set(message.key, text)
            for (const { alert } of message.told) {
              expect(keyOfAlert.get(alert.id) ?? message.key).toBe(message.key)
              keyOfAlert.set(alert.id, message.key)
            }
          }
          expect(keyOfAlert.size).toBe(gaps.length)
        },
      ),
      { numRuns: 60 },
    )
  })
})
