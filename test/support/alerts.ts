import { createMemoryState } from '../../core/state/memory-state.ts'
import { createAlerts } from '../../ingest/alert/alert-book.ts'
import type { AlertChange } from '../../ingest/alert/alerts.ts'
import type { Finding } from '../../ingest/detect/rule.ts'

export const raisedAt = (at: number, change: Partial<Finding> = {}): Finding => ({
  rule: 'door-held',
  kind: 'raised',
  severity: 'warning',
  place: { site: '南社', building: 'b01', point: 'd01' },
  cause: `held@${at}`,
  occurredAt: at,
  receivedAt: at,
  parts: { openS: 90 },
  ...change,
})
export const clearedAt = (of: number, at: number, change: Partial<Finding> = {}): Finding =>
  raisedAt(of, { kind: 'cleared', receivedAt: at, ending: 'over', ...change })

/** Alerts in memory, and what the rules find as the process that watches records it. */
export function openAlerts(state = createMemoryState()) {
  const alerts = createAlerts(state, { zoneOf: () => 'Asia/Shanghai', keepDays: 30 })
  async function record(now: number, ...findings: Finding[]): Promise<readonly AlertChange[]> {
    const changes = await state.transact(() => alerts.record(findings, now))
    alerts.published(changes)
    return changes
  }
  return { state, alerts, record }
}
