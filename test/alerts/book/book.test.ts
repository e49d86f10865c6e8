import { array, assert, asyncProperty, constantFrom, integer, oneof, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isClosed, outcomes, reopenMs } from '../../../alerts/book/alert.ts'
import type { Act, AlertChange } from '../../../alerts/book/alerts.ts'
import { createAlerts } from '../../../alerts/book/book.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { dayMs, minuteMs, secondMs } from '../../../core/clock.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'

const start = Date.UTC(2026, 10, 21, 3)
const place = { site: 'nanshe', building: 'b01', point: 'd01' }

const finding = (kind: Finding['kind'], at: number, changes: Partial<Finding> = {}): Finding => ({
  rule: 'door-held',
  kind,
  severity: 'warning',
  place,
  cause: `held@${at}`,
  occurredAt: at,
  receivedAt: at,
  parts: { openS: 90 },
  ...changes,
})
const raised = (at: number, changes: Partial<Finding> = {}) => finding('raised', at, changes)
const cleared = (of: number, at: number, changes: Partial<Finding> = {}) =>
  finding('cleared', of, { receivedAt: at, ending: 'over', ...changes })

function open(keepDays = 30) {
  const state = createMemoryState()
  const alerts = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays })
  const told: AlertChange[] = []
  alerts.listen(changed => told.push(changed))
  async function record(now: number, ...findings: Finding[]): Promise<readonly AlertChange[]> {
    const changes = await state.transact(() => alerts.record(findings, now))
    alerts.published(changes)
    return changes
  }
  const expire = async (now: number) => {
    const changes = await state.transact(() => alerts.expire(now))
    alerts.published(changes)
    return changes
  }
  const only = () => {
    const { alerts: all } = alerts.list({ limit: 10 })
    expect(all).toHaveLength(1)
    return all[0]!
  }
  return { state, alerts, told, record, expire, only }
}

describe('an alert', () => {
  test('is raised once, keeps its three times apart, and ends by itself', async () => {
    const { record, only, told, alerts } = open()
    await record(start + 70, raised(start, { receivedAt: start + 50 }))
    expect(only()).toMatchObject({
      status: 'open',
      active: true,
      times: 1,
      occurredAt: start,
      receivedAt: start + 50,
      raisedAt: start + 70,
      zone: 'Asia/Shanghai',
    })
    await record(start + minuteMs, cleared(start, start + minuteMs))
    expect(only()).toMatchObject({
      status: 'cleared',
      active: false,
      clearedAt: start + minuteMs,
      ending: 'over',
    })
    expect(told.map(({ change }) => change.what)).toEqual(['raised', 'cleared'])
    expect(alerts.history(only().id).map(({ number }) => number)).toEqual([1, 2])
  })

  test('has an id of 16 characters that follows from rule, place and cause alone', async () => {
    const ids = []
    for (const now of [start, start + dayMs]) {
      const { record, only } = open()
      await record(now, raised(start))
      ids.push(only().id)
    }
    expect(ids[0]).toBe(ids[1])
    expect(ids[0]).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/)
    const { record, only } = open()
    await record(start, raised(start, { place: { ...place, point: 'd02' } }))
    expect(only().id).not.toBe(ids[0])
  })

  test('opens again, with a count, for what comes back within ten minutes, and is another one later', async () => {
    const { record, only, alerts } = open()
    await record(start, raised(start))
    await record(start + minuteMs, cleared(start, start + minuteMs))
    const again = start + minuteMs + reopenMs
    await record(again, raised(again))
    expect(only()).toMatchObject({ status: 'open', times: 2, raisedAt: start, lastRaisedAt: again })
    await record(again, cleared(again, again))
    const later = again + reopenMs + 1
    await record(later, raised(later))
    expect(alerts.list({ limit: 10 }).alerts.map(({ times }) => times)).toEqual([1, 2])
  })

  test('stays with whoever took it when it comes back, and is open again once it was resolved', async () => {
    const { record, only, alerts } = open()
    await record(start, raised(start))
    const { id } = only()
    await alerts.act(id, { do: 'acknowledge' }, 'li', start + 1)
    await record(start + 2, cleared(start, start + 2))
    await record(start + 3, raised(start + 3))
    expect(only()).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'li', times: 2 })
    await alerts.act(id, { do: 'resolve', outcome: 'false-alarm', note: 'a broom' }, 'li', start + 4)
    await record(start + 5, cleared(start + 3, start + 5), raised(start + 6))
    expect(only()).toMatchObject({ status: 'open', times: 3 })
    expect(only()).not.toHaveProperty('outcome')
    expect(alerts.history(id).map(({ what }) => what)).toEqual(
      ['raised', 'acknowledged', 'cleared', 'reopened', 'resolved', 'cleared', 'reopened'],
    ) // biome-ignore format: one list
  })

  test('is told by nobody a second time, whatever is found again', async () => {
    const { record, told } = open()
    const findings = [
      raised(start),
      cleared(start, start + 5),
      raised(start + 9),
      cleared(start + 9, start + 12),
    ]
    for (const one of findings) await record(start + 20, one)
    const before = told.length
    await record(start + 30, ...findings)
    expect(told).toHaveLength(before)
    const long = start + 2 * reopenMs
    await record(long, raised(long))
    await record(long, ...findings, raised(long))
    expect(told).toHaveLength(before + 1)
  })

  test('of the same rule at another place, or another subject, is another', async () => {
    const { record, alerts } = open()
    await record(
      start,
      raised(start),
      raised(start, { place: { ...place, point: 'd02' } }),
      raised(start, { cause: `other@${start}` }),
      raised(start, { rule: 'door-forced' }),
      raised(start, { rule: 'disk-low', place: {} }),
    )
    expect(alerts.list({ limit: 10 }).alerts).toHaveLength(5)
  })
})

describe('what somebody does', () => {
  const acts: [string, Act[], Record<string, unknown> | 'ALERT_CLOSED', string[]][] = [
    ['acknowledges', [{ do: 'acknowledge' }], { status: 'acknowledged', acknowledgedBy: 'wang' }, ['acknowledged']],
    ['acknowledges twice, with a note', [{ do: 'acknowledge' }, { do: 'acknowledge', note: 'me, too' }], { status: 'acknowledged' }, ['acknowledged', 'commented']],
    ['acknowledges twice', [{ do: 'acknowledge' }, { do: 'acknowledge' }], { status: 'acknowledged' }, ['acknowledged']],
    ['assigns', [{ do: 'assign', to: 'li' }], { assignee: 'li', status: 'open' }, ['assigned']],
    ['assigns to nobody', [{ do: 'assign', to: 'li' }, { do: 'assign', to: null }], { status: 'open' }, ['assigned', 'assigned']],
    ['comments', [{ do: 'comment', note: 'on my way' }], { status: 'open' }, ['commented']],
    ['resolves', [{ do: 'resolve', outcome: 'real' }], { status: 'resolved', outcome: 'real', active: true }, ['resolved']],
    ['corrects an outcome', [{ do: 'resolve', outcome: 'real' }, { do: 'resolve', outcome: 'test' }], { outcome: 'test' }, ['resolved', 'resolved']],
    ['resolves twice', [{ do: 'resolve', outcome: 'real' }, { do: 'resolve', outcome: 'real' }], { outcome: 'real' }, ['resolved']],
    ['comments on a closed one', [{ do: 'resolve', outcome: 'test' }, { do: 'comment', note: 'ok' }], { status: 'resolved' }, ['resolved', 'commented']],
    ['acknowledges a closed one', [{ do: 'resolve', outcome: 'test' }, { do: 'acknowledge' }], 'ALERT_CLOSED', []],
    ['assigns a closed one', [{ do: 'resolve', outcome: 'test' }, { do: 'assign', to: 'li' }], 'ALERT_CLOSED', []],
  ] // biome-ignore format: a table

  test.each(acts)('%s', async (_, todo, wanted, said) => {
    const { record, only, alerts } = open()
    await record(start, raised(start))
    const { id } = only()
    const done = (async () => {
      for (const act of todo) await alerts.act(id, act, 'wang', start + 5)
    })()
    if (wanted === 'ALERT_CLOSED') return expect(done).rejects.toMatchObject({ code: wanted })
    await done
    expect(only()).toMatchObject(wanted)
    expect(alerts.history(id).slice(1).map(({ what }) => what)).toEqual(said) // biome-ignore format: one thing
    if (said.length > 1 && todo.some(act => act.do === 'assign'))
      expect(only()).not.toHaveProperty('assignee')
  })

  test('takes the beginning of an id where only one begins so', async () => {
    const { record, alerts, only } = open()
    await record(start, raised(start))
    const { id } = only()
    expect(alerts.get(id.slice(0, 4)).id).toBe(id)
    for (const asked of [id.slice(0, 3), `${id}0`, 'zzzz', '']) {
      expect(() => alerts.get(asked)).toThrow(expect.objectContaining({ code: 'ALERT_NOT_FOUND' }))
    }
  })
})

describe('a snooze', () => {
  const snooze = { why: 'snooze', rule: 'door-held', place: { site: 'nanshe' }, from: start, until: start + 60 * minuteMs } as const // biome-ignore format: one thing

  test('keeps quiet what is raised under it, and wakes what still goes on', async () => {
    const { record, only, alerts, expire, told } = open()
    await alerts.snooze(snooze, 'wang', start)
    await record(start + 1, raised(start + 1))
    expect(only()).toMatchObject({ status: 'open', quietUntil: snooze.until })
    expect(await expire(snooze.until - 1)).toEqual([])
    await expire(snooze.until)
    expect(only()).not.toHaveProperty('quietUntil')
    expect(told.map(({ change }) => change.what)).toEqual(['raised', 'woken'])
    expect(alerts.snoozes()).toEqual([])
  })

  test('wakes nothing that has ended', async () => {
    const { record, alerts, expire, told } = open()
    await alerts.snooze(snooze, 'wang', start)
    await record(start + 1, raised(start + 1), cleared(start + 1, start + 2))
    await expire(snooze.until + 1)
    expect(told.map(({ change }) => change.what)).toEqual(['raised', 'cleared'])
  })

  test('quiets what is raised already, and is over when somebody ends it', async () => {
    const { record, only, alerts, told } = open()
    await record(start + 1, raised(start + 1))
    const { id } = await alerts.snooze(snooze, 'wang', start + 2)
    expect(only()).toMatchObject({ quietUntil: snooze.until })
    await alerts.unsnooze(id, 'li', start + 3)
    expect(only()).not.toHaveProperty('quietUntil')
    expect(told.map(({ change }) => [change.what, change.by])).toEqual([
      ['raised', undefined],
      ['snoozed', 'wang'],
      ['woken', 'li'],
    ])
    await expect(alerts.unsnooze(id, 'li', start)).rejects.toMatchObject({ code: 'SNOOZE_NOT_FOUND' })
  })

  test('that is to begin quiets what is raised already once it begins', async () => {
    const { record, only, alerts, expire } = open()
    await record(start + 1, raised(start + 1))
    const from = start + minuteMs
    await alerts.snooze({ ...snooze, from, until: from + minuteMs }, 'wang', start + 2)
    await expire(from - 1)
    expect(only()).not.toHaveProperty('quietUntil')
    await expire(from + 1)
    expect(only()).toMatchObject({ quietUntil: from + minuteMs })
    await expire(from + minuteMs)
    expect(only()).not.toHaveProperty('quietUntil')
  })

  test('that is to begin and is ended before quiets nothing, nor does one that was over while nobody looked', async () => {
    const { record, only, alerts, expire } = open()
    await record(start + 1, raised(start + 1))
    const from = start + minuteMs
    const { id } = await alerts.snooze({ ...snooze, from, until: from + dayMs }, 'wang', start + 2)
    await alerts.snooze({ ...snooze, from, until: from + minuteMs }, 'wang', start + 2)
    await alerts.unsnooze(id, 'wang', start + 3)
    await expire(from + 2 * minuteMs)
    expect(only()).not.toHaveProperty('quietUntil')
    expect(alerts.snoozes()).toEqual([])
  })

  test('for maintenance resolves what was raised under it once that has ended', async () => {
    const { record, only, alerts } = open()
    await alerts.snooze({ ...snooze, why: 'maintenance' }, 'wang', start)
    await record(start + 1, raised(start + 1))
    expect(only()).toMatchObject({ status: 'open', maintenance: true })
    await record(start + 2, cleared(start + 1, start + 2))
    expect(only()).toMatchObject({ status: 'resolved', outcome: 'maintenance' })
    expect(only()).not.toHaveProperty('quietUntil')
  })

  test('for maintenance says nothing of what began before it', async () => {
    const { record, only, alerts } = open()
    await record(start + 1, raised(start + 1))
    await alerts.snooze({ ...snooze, why: 'maintenance' }, 'wang', start + 2)
    expect(only()).toMatchObject({ quietUntil: snooze.until })
    await record(start + 3, cleared(start + 1, start + 3))
    expect(only()).toMatchObject({ status: 'cleared' })
  })

  test.each([
    ['another rule', { ...snooze, rule: 'tamper' }],
    ['another site', { ...snooze, place: { site: 'other' } }],
    ['another point', { ...snooze, place: { ...place, point: 'd09' } }],
    ['another time', { ...snooze, from: start + minuteMs }],
  ])('of %s matters nothing', async (_, other) => {
    const { record, only, alerts } = open()
    await alerts.snooze(other, 'wang', start)
    await record(start + 1, raised(start + 1))
    expect(only()).not.toHaveProperty('quietUntil')
  })

  test.each([
    ['ends before it begins', { until: start - 1 }],
    ['is over', { from: start - 2000, until: start - 1000 }],
    ['lasts two months', { until: start + 60 * dayMs }],
    ['has a long note', { note: 'x'.repeat(501) }],
  ])('that %s is refused', async (_, change) => {
    const { alerts } = open()
    await expect(alerts.snooze({ ...snooze, ...change }, 'wang', start)).rejects.toMatchObject({
      code: 'SNOOZE_INVALID',
    })
  })
})

describe('a list', () => {
  const points = ['d01', 'd02', 'd03']
  async function filled() {
    const book = open()
    for (let i = 0; i < 30; i++) {
      const at = start + i * minuteMs
      const where = { ...place, site: i % 2 ? 'nanshe' : 'beitou', point: points[i % 3]! }
      await book.record(
        at,
        raised(at, { place: where, cause: `c${i}@${at}`, severity: i % 5 ? 'notice' : 'critical' }),
      )
      if (i % 4 === 0) await book.record(at + 1, cleared(at, at + 1, { place: where, cause: `c${i}@${at}` }))
    }
    return book
  }

  test('is newest first, and pages without a gap or a double', async () => {
    const { alerts } = await filled()
    for (const status of [undefined, ['open', 'acknowledged'] as const]) {
      const query = status === undefined ? {} : { status }
      const all = alerts.list({ limit: 200, ...query }).alerts
      expect(all).toHaveLength(status === undefined ? 30 : 22)
      expect(all.map(({ raisedAt }) => raisedAt)).toEqual(
        all.map(({ raisedAt }) => raisedAt).toSorted((a, b) => b - a),
      )
      const paged = []
      for (let after: string | undefined; ; ) {
        const page = alerts.list({ limit: 7, ...query, ...(after === undefined ? {} : { after }) })
        paged.push(...page.alerts)
        if (page.next === undefined) break
        after = page.next
      }
      expect(paged).toEqual(all)
    }
  })

  test.each([
    [{ sites: ['nanshe'] }, 15],
    [{ sites: [] }, 0],
    [{ severity: ['critical'] as const }, 6],
    [{ point: 'd02', sites: ['nanshe'] }, 5],
    [{ from: start + 10 * minuteMs, to: start + 20 * minuteMs }, 10],
    [{ rule: ['tamper'] }, 0],
    [{ status: ['cleared'] as const }, 8],
    [{ status: ['open'] as const, to: start + 10 * minuteMs }, 7],
  ])('of %j has %i', async (query, count) => {
    const { alerts } = await filled()
    expect(alerts.list({ limit: 200, ...query }).alerts).toHaveLength(count)
  })
})

test('closed alerts are forgotten with their history after their time, open ones never', async () => {
  const { record, alerts, expire, only } = open(30)
  await record(start, raised(start), cleared(start, start + 1), raised(start + 2, { rule: 'tamper' }))
  await expire(start + 31 * dayMs)
  expect(only()).toMatchObject({ rule: 'tamper' })
  expect(alerts.lastChange()).toBe(3)
  expect(alerts.changesAfter(0, 10).map(({ change }) => change.number)).toEqual([3])
  await record(start + 32 * dayMs, raised(start + 32 * dayMs))
  expect(alerts.lastChange()).toBe(4)
})

test('any number of old ones that are open keep none of the closed from being forgotten', async () => {
  const { record, alerts, expire } = open(30)
  const points = Array.from({ length: 450 }, (_, n) => ({ ...place, point: `d${n}` }))
  for (const one of points) await record(start, raised(start, { place: one }))
  const late = { place: { ...place, point: 'late' } }
  await record(start + 1, raised(start + 1, late), cleared(start + 1, start + 2, late))
  for (let times = 0; times < 4; times++) await expire(start + 31 * dayMs)
  expect(alerts.list({ limit: 200, status: ['cleared'] }).alerts).toEqual([])
  expect(alerts.countOpen()).toEqual({ notice: 0, warning: 450, critical: 0 })
})

test('followers take part in the transaction: what fails there has not happened', async () => {
  const { state, alerts, record } = open()
  alerts.follow({
    take() {
      throw new Error('no room')
    },
  })
  await expect(record(start, raised(start))).rejects.toThrow('no room')
  expect(alerts.list({ limit: 10 }).alerts).toEqual([])
  expect(alerts.lastChange()).toBe(0)
  await state.close()
})

test('whatever happens, there is at most one alert of a subject that is not closed, and its history tells all', async () => {
  const step = oneof(
    record({ do: constantFrom('raise', 'clear') }),
    record({ do: constantFrom('acknowledge', 'resolve', 'snooze', 'expire', 'again') }),
  )
  await assert(
    asyncProperty(
      array(record({ step, afterS: integer({ min: 0, max: 900 }) }), { maxLength: 30 }),
      async steps => {
        const { record, alerts, expire, told } = open()
        let now = start
        let cause: number | undefined
        const found: Finding[] = []
        for (const { step, afterS } of steps) {
          now += afterS * secondMs + 1
          const [latest] = alerts.list({ limit: 1 }).alerts
          if (step.do === 'raise' && cause === undefined) {
            cause = now
            found.push(raised(now))
          } else if (step.do === 'clear' && cause !== undefined) found.push(cleared(cause, now))
          else if (step.do === 'expire') await expire(now)
          else if (step.do === 'snooze')
            await alerts.snooze({ why: 'snooze', place, from: now, until: now + 5 * minuteMs }, 'li', now)
          else if (step.do === 'again') await record(now, ...found)
          else if (latest !== undefined && step.do === 'resolve')
            await alerts.act(latest.id, { do: 'resolve', outcome: outcomes[found.length % 4]! }, 'li', now)
          else if (latest !== undefined && step.do === 'acknowledge' && !isClosed(latest))
            await alerts.act(latest.id, { do: 'acknowledge' }, 'li', now)
          if (step.do === 'raise' || step.do === 'clear') {
            await record(now, ...found.slice(-1))
            if (step.do === 'clear') cause = undefined
          }
        }
        const { alerts: all } = alerts.list({ limit: 200 })
        expect(all.filter(alert => !isClosed(alert)).length).toBeLessThanOrEqual(1)
        // Nothing is stuck: what is active is what the rule has not cleared.
        expect(all.filter(({ active }) => active).map(({ cause }) => cause)).toEqual(
          cause === undefined ? [] : [`held@${cause}`],
        )
        const raisings = told.filter(({ change }) => change.what === 'raised' || change.what === 'reopened')
        expect(raisings).toHaveLength(found.filter(({ kind }) => kind === 'raised').length)
        expect(all.reduce((sum, { times }) => sum + times, 0)).toBe(raisings.length)
        const histories = all.flatMap(({ id }) => alerts.history(id)).sort((a, b) => a.number - b.number)
        expect(histories).toEqual(told.map(({ change }) => change))
      },
    ),
    { numRuns: 200 },
  )
})
