import { describe, expect, test } from 'vitest'
import { createAlerts } from '../../../alerts/book/book.ts'
import { createStagedAlerts } from '../../../alerts/book/staged-alerts.ts'
import { explain } from '../../../alerts/rules/explain.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { secondMs } from '../../../core/clock.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import { createDemoFaults } from '../../../ingest/demo/faults.ts'

const raised = (rule: string, at: number): Finding => ({
  rule,
  kind: 'raised',
  severity: 'critical',
  place: {},
  cause: `${rule}@${at}`,
  occurredAt: at,
  receivedAt: at,
  parts: { value: 0.04 },
})

async function setUp() {
  const state = createMemoryState()
  const clock = { now: Date.parse('2026-11-24T12:00:00Z') }
  const alerts = createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30 })
  const faults = createDemoFaults(() => clock.now)
  const { staging, closer } = createStagedAlerts(faults.isStaged, () => clock.now)
  const record = (finding: Finding) => state.transact(() => staging(alerts).record([finding], clock.now))
  const listed = () => alerts.list({ limit: 9 }).alerts
  return { alerts, faults, clock, closer, record, listed }
}

describe('what the demo lets go wrong with the service', () => {
  test('says that it is a scene, from beginning to end, in both languages', async () => {
    const { alerts, clock, record, listed } = await setUp()
    clock.now += 180 * secondMs
    const finding = raised('disk-low', clock.now)
    await record(finding)
    const [open] = listed()
    expect(explain({ ...open!, kind: 'raised' }, 'en')).toMatch(/^\[demo\] Only 4 % of the disk is free/)
    expect(explain({ ...open!, kind: 'raised' }, 'zh')).toMatch(/^【演示】磁盘/)
    clock.now += 600 * secondMs
    // By another process, which has not raised it.
    const { staging } = createStagedAlerts(
      () => false,
      () => clock.now,
    )
    staging(alerts).record([{ ...finding, kind: 'cleared', receivedAt: clock.now }], clock.now)
    expect(explain({ ...listed()[0]!, kind: 'cleared' }, 'en')).toMatch(/^\[demo\] /)
  })

  const real = [
    { title: 'before the scene', rule: 'disk-low', afterS: 60, free: 0.5 },
    { title: 'on a disk that is full in earnest', rule: 'disk-low', afterS: 180, free: 0.08 },
    { title: 'of a door', rule: 'door-forced', afterS: 180, free: 0.5 },
    { title: 'after the scene', rule: 'store-down', afterS: 400, free: 0.5 },
  ]
  for (const { title, rule, afterS, free } of real)
    test(`does not mark an alert ${title}, nor close it`, async () => {
      const { alerts, faults, clock, closer, record, listed } = await setUp()
      clock.now += afterS * secondMs
      faults.freeShare(free)
      await record(raised(rule, clock.now))
      expect(listed()[0]!.parts).toEqual({ value: 0.04 })
      await closer(alerts).stop()
      expect(listed()[0]!.status).toBe('open')
    })

  const ends = ['stop', 'start'] as const
  for (const end of ends)
    test(`is closed as a test at the ${end} of the demo`, async () => {
      const { alerts, clock, closer, record, listed } = await setUp()
      clock.now += 150 * secondMs
      await record(raised('store-down', clock.now))
      await closer(alerts)[end]?.()
      expect(listed()).toMatchObject([{ status: 'resolved', outcome: 'test', resolvedBy: 'demo' }])
    })
})
