import type { AlertChange } from '../../alerts/book/alerts.ts'
import { createAlerts } from '../../alerts/book/book.ts'
import type { Finding } from '../../alerts/rules/rule.ts'
import { createAccess } from '../../api/access/access.ts'
import { parseConfig } from '../../config/config.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { State } from '../../core/state/state.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import { createHolds } from '../../gateway/snapshots/holds.ts'
import type { Picture, SnapshotReader } from '../../gateway/snapshots/snapshots.ts'

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

/** What the operations on alerts ask beside them, with these pictures at rest. */
export function besideAlerts(
  { state, registry, clock }: { state: State; registry: Registry; clock: () => number },
  pictures: readonly Picture[] = [],
) {
  const snapshots: SnapshotReader = {
    find: key => pictures.find(({ device, event }) => device === key.device && event === key.event),
    list: ({ device, from = 0, to = Number.POSITIVE_INFINITY, limit }) =>
      pictures
        .filter(picture => (device ?? picture.device) === picture.device && picture.at >= from && picture.at < to)
        .slice(0, limit),
    after: () => [],
    read: async () => Buffer.from('jpeg'),
  } // biome-ignore format: as short as that
  return {
    registry,
    clock,
    snapshots,
    holds: createHolds(state),
    access: createAccess(state, clock, parseConfig({})),
  }
}
