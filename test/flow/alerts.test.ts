import { describe, expect, test } from 'vitest'
import { createAlerts } from '../../alerts/book/book.ts'
import { createAlertCells } from '../../alerts/book/book-cells.ts'
import type { Finding } from '../../alerts/rules/rule.ts'
import { createFlowScopes } from '../../api/operations/flow-scope.ts'
import { operator, type Viewer } from '../../api/viewer.ts'
import { hourMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import type { FlowAnswer } from '../../flow/answer.ts'
import { answerFlow } from '../../flow/query.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'

/** Midnight in Shanghai. */
const start = Date.UTC(2026, 10, 20, 16)

const finding = (rule: string, hour: number, place: Finding['place']): Finding => ({
  rule,
  place,
  kind: 'raised',
  severity: rule === 'door-held' ? 'warning' : 'critical',
  cause: `it@${hour}`,
  occurredAt: start + hour * hourMs,
  receivedAt: start + hour * hourMs,
  parts: {},
})
const door = (site: string, point: string) => ({ site, building: 'b01', point })

/** Two doors of one site, one of another, and the service itself; the alert of the first hour was a false one. */
async function setUp() {
  const state = createMemoryState()
  const alerts = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays: 90 })
  const findings = [
    finding('door-held', 1, door('nanshe', 'd01')),
    finding('door-held', 2, door('nanshe', 'd02')),
    finding('door-forced', 2, door('luwu', 'd01')),
    finding('disk-low', 30, {}),
  ]
  for (const each of findings) await state.transact(() => alerts.record([each], each.receivedAt))
  const { alerts: listed } = alerts.list({ limit: 10 })
  await alerts.act(listed.at(-1)!.id, { do: 'resolve', outcome: 'false-alarm' }, 'wang.fang', start + 3 * hourMs) // biome-ignore format: one line
  const registry = createRegistry(state)
  const scopeOf = createFlowScopes({ registry, alerts, minCount: 10, defaultZone: 'Asia/Shanghai', clock: () => start }) // biome-ignore format: one line
  const ask = (change: object = {}, viewer: Viewer = operator): Promise<FlowAnswer> => {
    const question = {
      measure: 'alerts',
      from: '2026-11-21',
      to: '2026-11-23',
      by: [],
      zone: 'Asia/Shanghai',
    }
    return answerFlow({ ...question, ...change }, createMemoryStore(), scopeOf(viewer))
  }
  return { alerts, ask }
}

const told = ({ rows }: FlowAnswer) =>
  rows.map(({ start, values, count }) => [start.slice(0, 13), ...values, count])

describe('alerts are counted', () => {
  const cases = [
    { title: 'by hour', change: {}, rows: [['2026-11-21T01', 1], ['2026-11-21T02', 2], ['2026-11-22T06', 1]] },
    { title: 'by day and rule', change: { every: '1d', by: ['rule'] }, rows: [['2026-11-21T00', 'door-forced', 1], ['2026-11-21T00', 'door-held', 2], ['2026-11-22T00', 'disk-low', 1]] },
    { title: 'by site, where there is one', change: { every: 'all', by: ['site'] }, rows: [['2026-11-21T00', '', 1], ['2026-11-21T00', 'luwu', 1], ['2026-11-21T00', 'nanshe', 2]] },
    { title: 'by severity at a site', change: { every: 'all', by: ['severity', 'point'], where: { site: ['nanshe'] } }, rows: [['2026-11-21T00', 'warning', 'nanshe', 'b01', 'd01', 1], ['2026-11-21T00', 'warning', 'nanshe', 'b01', 'd02', 1]] },
    { title: 'by what they turned out to be', change: { every: 'all', by: ['outcome'] }, rows: [['2026-11-21T00', '', 3], ['2026-11-21T00', 'false-alarm', 1]] },
    { title: 'of a rule by hour of day', change: { by: ['hour-of-day'], where: { rule: ['door-held'] } }, rows: [['2026-11-21T00', '01', 1], ['2026-11-21T00', '02', 1]] },
    { title: 'of a shorter time', change: { to: '2026-11-21T02:00' }, rows: [['2026-11-21T01', 1]] },
  ] // biome-ignore format: a table
  for (const { title, change, rows } of cases)
    test(title, async () => expect(told(await (await setUp()).ask(change))).toEqual(rows))

  test('each once, however often it came again', async () => {
    const { alerts, ask } = await setUp()
    const { alerts: [latest] } = alerts.list({ rule: ['door-forced'], limit: 1 }) // biome-ignore format: one line
    const again = { ...finding('door-forced', 2, door('luwu', 'd01')), cause: 'it@again' }
    alerts.record([{ ...again, kind: 'cleared', cause: 'it@2', ending: 'over' }], start + 2 * hourMs + 1000)
    alerts.record([again], start + 2 * hourMs + 2000)
    expect(alerts.get(latest!.id).times).toBe(2)
    expect((await ask()).total).toBe(4)
  })

  test('against an earlier time, in shares, and the largest first', async () => {
    const { ask } = await setUp()
    const answer = await ask({ from: '2026-11-22', every: '1d', by: ['rule'], compare: '1d', top: 1, share: true }) // biome-ignore format: one line
    expect(answer).toMatchObject({ total: 1, before: { total: 3 } })
    expect(answer.rows).toMatchObject([{ values: ['disk-low'], count: 1, before: 0, share: 1 }])
  })

  const refused = [
    { change: { by: ['method'] }, says: 'by may hold site, building, point, device, rule, severity, outcome, hour-of-day, day-of-week for alerts' },
    { change: { where: { rule: ['door-hold'] } }, says: 'rule must be among door-forced, door-held' },
    { change: { where: { outcome: ['true'] } }, says: 'outcome must be among real, false-alarm, test, maintenance, (nothing)' },
  ] // biome-ignore format: a table
  for (const { change, says } of refused)
    test(`and not where ${says}`, async () =>
      expect((await setUp()).ask(change)).rejects.toMatchObject({ code: 'FLOW_QUERY_INVALID', message: expect.stringContaining(says) })) // biome-ignore format: one line

  test('up to a number of them, beyond which the time must be shorter', async () => {
    const { alerts } = await setUp()
    const query = { segments: [{ from: start, to: start + 48 * hourMs, offsetMs: 0 }], by: [], where: {} }
    expect(await createAlertCells(alerts, 4).cells(query)).toMatchObject([{ count: 4, rows: 4 }])
    const tooMany = createAlertCells(alerts, 3).cells(query)
    await expect(tooMany).rejects.toMatchObject({ code: 'FLOW_QUERY_TOO_WIDE' })
    expect(await createAlertCells(alerts).cells({ ...query, segments: [] })).toEqual([])
  })
})

describe('of alerts', () => {
  const as = (role: Viewer['role'], sites?: string[]): Viewer => ({ as: 'account', name: 'x', role, ...(sites && { sites }) }) // biome-ignore format: one line

  for (const role of ['analyst', 'auditor'] as const) {
    test(`an ${role} counts none, not even all of a year`, async () => {
      const { ask } = await setUp()
      for (const change of [{}, { from: '2026-01-01', every: 'all' }])
        await expect(ask(change, as(role))).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
    })
  }

  test('a duty room counts those of its sites, and none of the service itself', async () => {
    const { ask } = await setUp()
    expect((await ask({}, as('duty', ['luwu']))).total).toBe(1)
    const others = ask({ where: { site: ['nanshe'] } }, as('duty', ['luwu']))
    await expect(others).rejects.toMatchObject({ code: 'API_FORBIDDEN' })
  })
})
