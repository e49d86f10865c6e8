import { expect, test } from 'vitest'
import { createDetector } from '../../alerts/detect/detector.ts'
import type { GaugeName } from '../../alerts/rules/gauge.ts'
import { parseRules } from '../../alerts/rules/rule-settings.ts'
import { demoRules } from '../../cli/demo/town.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import { createDemoFaults } from '../../ingest/demo/faults.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'

const everyMs = 5 * secondMs

test('what the demo lets go wrong with the service is told within four minutes, and is over within twelve', async () => {
  const startAt = Date.parse('2026-11-24T12:00:00Z')
  let now = startAt
  const faults = createDemoFaults(() => now)
  const store = faults.failing({ ...createMemoryStore(), write: async () => {} })
  const detector = createDetector({ settings: parseRules(demoRules) })
  const found: [minute: number, rule: string, kind: string][] = []
  let failingSince: number | undefined
  for (; now < startAt + 12 * minuteMs; now += everyMs) {
    const code = await store.write({ journal: 'j', rows: [], next: 1 }).then(() => undefined, codeOf)
    expect([undefined, 'STORE_UNAVAILABLE']).toContain(code)
    failingSince = code === undefined ? undefined : (failingSince ?? now)
    const downS = failingSince === undefined ? 0 : (now - failingSince) / secondMs
    const values: [GaugeName, number][] = [
      ['journal-lag', downS],
      ['store-down', downS],
      ['disk-free', faults.freeShare(0.5)],
    ]
    for (const [gauge, value] of values)
      for (const { rule, kind } of detector.measure(
        { kind: 'gauge', gauge, value, at: now, receivedAt: now },
        now,
      ))
        found.push([(now - startAt) / minuteMs, rule, kind])
  }
  const named = (wanted: string) => found.filter(([, , kind]) => kind === wanted)
  const all = ['disk-low', 'journal-lag', 'store-down']
  for (const kind of ['raised', 'cleared'])
    expect(
      named(kind)
        .map(([, rule]) => rule)
        .sort(),
    ).toEqual(all)
  for (const [minute] of named('raised')) expect(minute).toBeLessThan(4)
})

test('a disk that has less left than the demo says is told as it is', () => {
  let now = 0
  const { freeShare } = createDemoFaults(() => now)
  expect(freeShare(0.5)).toBe(0.5)
  now = 150 * secondMs
  expect(freeShare(0.5)).toBeLessThan(0.1)
  expect(freeShare(0.01)).toBe(0.01)
})
