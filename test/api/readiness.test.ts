import { describe, expect, test } from 'vitest'
import { createReadiness } from '../../api/readiness.ts'
import { createRecentRecords } from '../../api/recent-records.ts'
import type { GatewayState } from '../../gateway/control/gateway-control.ts'
import { apiOver } from '../support/api.ts'

const open: GatewayState = { listening: { tcp: { host: '127.0.0.1', port: 1 } }, connected: 3, lag: {} }

describe('a service', () => {
  const cases: { title: string; state: () => Promise<GatewayState>; code?: string }[] = [
    { title: 'is ready where devices are let in and the journal takes what they send', state: async () => open },
    { title: 'is not before its broker listens, or after', state: async () => ({ ...open, listening: {} }), code: 'API_UNAVAILABLE' },
    { title: 'is not while the journal is full', state: async () => ({ ...open, refusing: 'JOURNAL_FULL' }), code: 'JOURNAL_FULL' },
    { title: 'is not while its disk is', state: async () => ({ ...open, refusing: 'JOURNAL_DISK_LOW' }), code: 'JOURNAL_DISK_LOW' },
    { title: 'is not while the gateway does not answer', state: () => Promise.reject(new Error('down')) },
  ] // biome-ignore format: a table
  for (const { title, state, code } of cases)
    test(title, async () => {
      const ready = createReadiness({ state }, () => 0)()
      if (title.startsWith('is ready')) await expect(ready).resolves.toBeUndefined()
      else await expect(ready).rejects.toMatchObject(code === undefined ? { message: 'down' } : { code })
    })

  test('asks its gateway once a second, whoever asks it, and once at a time', async () => {
    let [now, asked] = [0, 0]
    const answers: ((state: GatewayState) => void)[] = []
    const state = () => {
      asked++
      return new Promise<GatewayState>(resolve => void answers.push(resolve))
    }
    const ready = createReadiness({ state }, () => now)
    const [first, second] = [ready(), ready()]
    now = 5000
    const third = ready()
    expect(asked).toBe(1)
    answers[0]!({ ...open, listening: {} })
    for (const each of [first, second, third]) await expect(each).rejects.toThrow('does not let devices in')
    const fourth = ready()
    expect(asked).toBe(2)
    answers[1]!(open)
    await fourth
    now = 5999
    await ready()
    expect(asked).toBe(2)
    now = 6000
    void ready()
    expect(asked).toBe(3)
  })
})

describe('what a stranger may ask', () => {
  test('is whether it is up, and whether it is ready, without a figure', async () => {
    const app = apiOver({})
    const answer = async (url: string) => {
      const { statusCode, body } = await app.inject(url)
      return [statusCode, JSON.parse(body)]
    }
    expect(await answer('/healthz')).toEqual([200, { status: 'ok' }])
    expect(await answer('/readyz')).toEqual([200, { status: 'ready' }])
    expect((await app.inject('/api/v1/overview')).statusCode).toBe(401)
  })

  test('is why it is not ready, as a problem that says when to ask again', async () => {
    const full = createReadiness({ state: async () => ({ ...open, refusing: 'JOURNAL_FULL' }) }, () => 0)
    const answer = await apiOver({}, full).inject('/readyz')
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([
      503,
      'JOURNAL_FULL',
      '5',
    ])
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })
})

test('records of the last hour are counted from the position an hour ago, or from the start', () => {
  let [now, end] = [0, 1000]
  const recent = createRecentRecords(
    () => end,
    () => now,
  )
  const pass = (minutes: number, records: number) => {
    for (let n = 0; n < minutes; n++) {
      now += 60_000
      end += records
      recent.sample()
    }
  }
  expect(recent.view()).toEqual({ records: 0, forMs: 0 })
  pass(12, 10)
  expect(recent.view()).toEqual({ records: 120, forMs: 720_000 })
  pass(48, 10)
  expect(recent.view()).toEqual({ records: 600, forMs: 3_600_000 })
  pass(60, 1)
  expect(recent.view()).toEqual({ records: 60, forMs: 3_600_000 })
  end = 0
  expect(recent.view().records).toBe(0)
})
