import { get, type IncomingMessage } from 'node:http'
import { array, assert, asyncProperty, boolean, integer } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AlertChange, Alerts } from '../../alerts/book/alerts.ts'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { createAlertLive, type LiveOptions, liveDefaults, type Outlet } from '../../api/live/alert-live.ts'
import { createLiveMetrics } from '../../api/live/live-metrics.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { createEventReader, type ServerEvent } from '../../cli/alerts/event-stream.ts'
import { parseConfig } from '../../config/config.ts'
import { openAlerts, raisedAt } from '../support/alerts.ts'
import { eventually } from '../support/eventually.ts'

const now = Date.UTC(2026, 10, 24, 3)
const north = { place: { site: '北社', building: 'b', point: 'p' } }
const ofService = { rule: 'disk-low', place: {} }

async function serve(change: Partial<LiveOptions> = {}) {
  const { state, alerts, record } = openAlerts()
  const live = createAlertLive(alerts, { ...liveDefaults, tickMs: 5, ...change })
  const config = parseConfig({})
  const access = createAccess(state, () => now, config)
  const { app } = createApp({
    operations: () => ({}) as Operations,
    access,
    operatorToken: 'secret',
    config,
    clock: () => now,
    live,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  await record(now, raisedAt(now))
  const [{ id }] = alerts.list({ limit: 1 }).alerts as readonly [{ id: string }, ...unknown[]]
  /** So many changes more; resolves once they are durable. */
  const comment = async (times: number, note = 'x') => {
    // Of the service itself: people have only so many lines of one alert.
    for (let n = 0; n < times; n++) {
      const changed = await state.transact(() => alerts.note(id, { what: 'commented', note }, now))
      alerts.published([changed!])
    }
  }
  return { app, url, access, alerts, live, record, comment }
}

/** A reader as a browser is one. */
function follow(
  url: string,
  { token = 'secret', after, query = '' }: { token?: string; after?: number | string; query?: string } = {},
) {
  const events: ServerEvent[] = []
  const reader = createEventReader()
  let text = ''
  let ended = false
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(after === undefined ? {} : { 'last-event-id': after }),
    }
    const request = get(`${url}/api/v1/alerts/live${query}`, { headers, agent: false }, answer => {
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
        events.push(...reader.feed(chunk))
      })
      answer.on('error', () => {})
      answer.on('close', () => {
        ended = true
      })
      resolve(answer)
    })
    request.on('error', reject)
    onTestFinished(() => void request.destroy())
  })
  return {
    answered,
    events,
    ids: () => events.map(({ id }) => Number(id)),
    text: () => text,
    lastId: reader.lastId,
    ended: () => ended,
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('the live stream', () => {
  test('tells a change as it comes: its number, its kind, and the alert after it', async () => {
    const { url, record, alerts } = await serve()
    const reader = follow(url)
    const answer = await reader.answered
    await record(now + 1, raisedAt(now + 1, { rule: 'tamper', severity: 'critical' }))
    const [event] = await eventually(() => reader.events.length > 0 && reader.events)
    expect(event).toMatchObject({ id: '2', event: 'raised' })
    const { change, alert } = JSON.parse(event!.data) as AlertChange & { alert: { says: object } }
    expect(change).toEqual(alerts.changesAfter(1, 1)[0]!.change)
    expect(alert).toMatchObject({ rule: 'tamper', says: { en: expect.any(String), zh: expect.any(String) } })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    })
    expect(reader.text()).toMatch(/^retry: 2000\nid: 1\n\nid: 2\n/)
  })

  test('tells a duty room of its own sites only, and whoever asks of the sites asked for', async () => {
    const { url, access, record } = await serve()
    const created = await access.tokens.create({ name: 'room', role: 'duty', sites: ['南社'] }, 1, now)
    const readers = [
      { reader: follow(url), sees: [2, 3, 4] },
      { reader: follow(url, { token: created.token }), sees: [4] },
      { reader: follow(url, { query: `?site=x,${encodeURIComponent('北社')}` }), sees: [2] },
    ]
    const foreign = await fetch(`${url}/api/v1/alerts/live?site=${encodeURIComponent('北社')}`, {
      headers: { authorization: `Bearer ${created.token}` },
    })
    expect([foreign.status, ((await foreign.json()) as { code: string }).code]).toEqual([
      403,
      'API_FORBIDDEN',
    ])
    await Promise.all(readers.map(({ reader }) => reader.answered))
    await record(
      now + 1,
      raisedAt(now + 1, north),
      raisedAt(now + 1, ofService),
      raisedAt(now + 1, { rule: 'tamper' }),
    )
    // The heartbeat says how far all of them are.
    await eventually(() => readers.every(({ reader }) => reader.lastId() === '4'))
    expect(readers.map(({ reader }) => reader.ids())).toEqual(readers.map(({ sees }) => sees))
  })

  const replays = [
    { title: 'behind Last-Event-ID', given: { after: 3 } },
    { title: 'behind what the address says', given: { query: '?after=3' } },
    { title: 'behind Last-Event-ID, whatever the address says', given: { after: 3, query: '?after=1' } },
  ]
  for (const { title, given } of replays)
    test(`begins ${title}, and goes on without a gap`, async () => {
      const { url, comment } = await serve()
      await comment(9)
      const reader = follow(url, given)
      await reader.answered
      await comment(10)
      await eventually(() => reader.ids().at(-1) === 20)
      expect(reader.ids()).toEqual(numbers(4, 20))
    })

  for (const { title, after } of [
    { title: 'longer ago than is kept for one who comes back', after: 1 },
    { title: 'that has not been yet', after: 999 },
    { title: 'that is none', after: 'yesterday' },
  ])
    test(`says so, and goes on from now, where it is to begin behind a change ${title}`, async () => {
      const { url, comment } = await serve({ maxBehind: 5 })
      await comment(9)
      const reader = follow(url, { after })
      await reader.answered
      await comment(1)
      await eventually(() => reader.ids().at(-1) === 11)
      expect(reader.events.map(({ id, event }) => [id, event])).toEqual([
        ['10', 'reset'],
        ['11', 'commented'],
      ])
    })

  test('beats where nothing happens, and tells how far it is', async () => {
    const { url, record } = await serve({ heartbeatEvery: 2 })
    const reader = follow(url, { query: '?site=x' })
    await reader.answered
    await record(now + 1, raisedAt(now + 1, north))
    await eventually(() => reader.text().split(': still here\nid: 2\n\n').length > 3)
    expect(reader.events).toEqual([])
  })

  test('keeps up with a burst that is longer than what may wait for a reader', async () => {
    const { url, alerts, comment } = await serve({ maxBufferedBytes: 2000, maxRecent: 20 })
    const reader = follow(url)
    await reader.answered
    const [{ id }] = alerts.list({ limit: 1 }).alerts as readonly [{ id: string }, ...unknown[]]
    await Promise.all(numbers(2, 400).map(() => alerts.act(id, { do: 'comment', note: 'y' }, 'me', now)))
    await eventually(() => reader.ids().at(-1) === 400)
    await comment(1)
    await eventually(() => reader.ids().at(-1) === 401)
    expect(reader.ids()).toEqual(numbers(2, 401))
  })

  test('cuts one that takes nothing, holds little for it meanwhile, and goes on where it was when it comes back', async () => {
    // A second, so that those who read are not cut on a machine that is busy.
    const { url, live, comment } = await serve({ tickMs: 20, patience: 50 })
    const slow = follow(url)
    ;(await slow.answered).socket.pause()
    const other = follow(url)
    await other.answered
    // More than both ends of a socket hold.
    const count = 280
    await comment(count, '满'.repeat(20_000))
    const told = 1 + count
    await eventually(() => live.stats().cutSlow === 1, 60_000)
    // Many megabytes, through the eye of this process.
    await eventually(() => other.ids().at(-1) === told, 60_000)
    expect(other.ids()).toEqual(numbers(2, told))
    expect(live.stats()).toMatchObject({ readers: 1, behind: 0, cutSlow: 1, cutRevoked: 0 })
    ;(await slow.answered).socket.resume()
    await eventually(slow.ended)
    const back = follow(url, { after: slow.lastId() ?? '1' })
    await eventually(() => back.ids().at(-1) === told, 60_000)
    expect([...slow.ids(), ...back.ids()]).toEqual(numbers(2, told))
  })

  const endings = [
    {
      title: 'whose token was revoked',
      end: async ({ access }: Awaited<ReturnType<typeof serve>>) => access.tokens.revoke('room'),
    },
    {
      title: 'whose token is of other sites now',
      async end({ access }: Awaited<ReturnType<typeof serve>>, token: string) {
        // As if it had been: the same text stands for another.
        const find = access.tokens.find
        access.tokens.find = async (text, at) => {
          const found = await find(text, at)
          return text === token ? { ...found!, sites: ['北社'] } : found
        }
      },
    },
  ]
  for (const { title, end } of endings)
    test(`ends for one ${title}`, async () => {
      const served = await serve({ recheckEvery: 2 })
      const { token } = await served.access.tokens.create(
        { name: 'room', role: 'duty', sites: ['南社'] },
        1,
        now,
      )
      const [reader, other] = [follow(served.url, { token }), follow(served.url)]
      await Promise.all([reader.answered, other.answered])
      await end(served, token)
      await eventually(reader.ended)
      expect([other.ended(), served.live.stats()]).toMatchObject([false, { readers: 1, cutRevoked: 1 }])
    })

  test('has a limit for all and for one, says when to come back, and has room again once one has left', async () => {
    const { url, access, live } = await serve({ maxReaders: 3, maxOfOne: 2 })
    const { token } = await access.tokens.create({ name: 'wall', role: 'admin' }, 1, now)
    const first = follow(url)
    await Promise.all([first, follow(url)].map(({ answered }) => answered))
    const third = await follow(url).answered
    expect([third.statusCode, third.headers['retry-after']]).toEqual([503, '5'])
    expect((await follow(url, { token }).answered).statusCode).toBe(200)
    expect((await follow(url, { token }).answered).statusCode).toBe(503)
    ;(await first.answered).destroy()
    await eventually(async () => (await follow(url).answered).statusCode === 200)
    expect(live.stats()).toMatchObject({ readers: 3 })
    const metrics = await createLiveMetrics(live).text()
    expect(metrics).toContain('lintel_alert_readers 3\n')
    expect(metrics).toMatch(/lintel_alert_readers_cut_total\{why="full"\} [2-9]/)
  })

  test('keeps no place for one who is gone before it begins', async () => {
    const { url, access, live } = await serve()
    const { token } = await access.tokens.create({ name: 'room', role: 'admin' }, 1, now)
    const { find } = access.tokens
    let [asked, begin] = [false, () => {}]
    const held = new Promise<void>(resolve => {
      begin = resolve
    })
    access.tokens.find = async (text, at) => {
      asked = true
      await held
      return find(text, at)
    }
    const headers = { authorization: `Bearer ${token}` }
    const request = get(`${url}/api/v1/alerts/live`, { headers, agent: false }).on('error', () => {})
    await eventually(() => asked)
    request.destroy()
    await new Promise(resolve => request.once('close', resolve))
    // The other end has heard of it by the time that another has been answered.
    await follow(url).answered
    begin()
    await follow(url, { token }).answered
    expect(live.stats().readers).toBe(2)
  })

  test('ends with the service', async () => {
    const { app, url } = await serve()
    const reader = follow(url)
    await reader.answered
    await app.close()
    await eventually(reader.ended)
  })
})

/** One whose line takes what is written only now and then. */
function jerkyOutlet() {
  let waiting = ''
  let text = ''
  let needsDrain = false
  const listeners = new Set<() => void>()
  const outlet: Outlet = {
    write(bytes) {
      waiting += bytes
      needsDrain = waiting.length > 400
      return !needsDrain
    },
    get writableLength() {
      return waiting.length
    },
    get writableNeedDrain() {
      return needsDrain
    },
    end() {},
    destroy() {},
    once: (event, then) => event === 'drain' && listeners.add(then),
    off: (_, then) => listeners.delete(then),
  }
  return {
    outlet,
    take() {
      text += waiting
      waiting = ''
      if (!needsDrain) return
      needsDrain = false
      for (const then of [...listeners]) then()
    },
    longest: () => waiting.length,
    text: () => text,
  }
}

test('whatever the pace of reader and changes, each change is told once and in order', async () => {
  const steps = array(integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 40 })
  await assert(
    asyncProperty(steps, boolean(), integer({ min: 0, max: 3 }), async (steps, isAware, maxRecent) => {
      const feed: AlertChange[] = []
      let tell = (_: AlertChange) => {}
      const alerts = {
        lastChange: () => feed.length,
        changesAfter: (number: number, limit: number) => feed.slice(number, number + limit),
        listen(listener: typeof tell) {
          tell = listener
          return () => {}
        },
      } as unknown as Alerts
      const change = () => {
        const number = feed.length + 1
        const made = { change: { number, what: 'commented' }, alert: { place: {}, rule: '', parts: {} } }
        feed.push(made as unknown as AlertChange)
        return feed.at(-1)!
      }
      change()
      const live = createAlertLive(alerts, { ...liveDefaults, maxBufferedBytes: 600, maxRecent })
      const { outlet, take, longest, text } = jerkyOutlet()
      const after = isAware ? 0 : undefined
      live.join({ name: 'a', sees: () => true, after, open: () => outlet, mayStay: async () => true })
      for (const step of steps) {
        // All that a transaction holds is durable before the first of it is told.
        const made = Array.from({ length: step }, change)
        for (const each of made) tell(each)
        if (step % 2 === 0) take()
        expect(longest()).toBeLessThan(1200)
        await new Promise(resolve => setImmediate(resolve))
      }
      const ids = () =>
        createEventReader()
          .feed(text())
          .map(({ id }) => Number(id))
      await eventually(() => {
        take()
        return live.stats().behind === 0
      })
      live.stop()
      expect(ids()).toEqual(numbers(isAware ? 1 : 2, feed.length))
    }),
    { numRuns: 60 },
  )
})
