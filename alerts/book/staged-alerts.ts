import type { Clock } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Finding } from '../rules/rule.ts'
import type { Alerts } from './alerts.ts'

const pageOf = 200

/**
 * Alerts about faults that the demo stages in the service itself. They are marked, so that nobody looks for a full
 * disk, and closed as `test` when the demo ends, because nothing would then notice that the condition is over.
 */
export function createStagedAlerts(isStaged: (rule: string) => boolean, clock: Clock) {
  const isMarked = (alerts: Pick<Alerts, 'list'>, { rule, cause }: Finding) =>
    alerts
      .list({ rule: [rule], limit: pageOf })
      .alerts.some(({ parts, cause: its }) => its === cause && parts.scene === 'demo')

  function mark(alerts: Pick<Alerts, 'list'>, finding: Finding): Finding {
    const { kind, rule, parts } = finding
    const isOfDemo = kind === 'raised' ? isStaged(rule) : isMarked(alerts, finding)
    return isOfDemo ? { ...finding, parts: { ...parts, scene: 'demo' } } : finding
  }

  async function close(alerts: Pick<Alerts, 'list' | 'act'>): Promise<void> {
    const { alerts: open } = alerts.list({ status: ['open', 'acknowledged'], limit: pageOf })
    for (const { id, parts } of open) {
      if (parts.scene !== 'demo') continue
      await alerts.act(id, { do: 'resolve', outcome: 'test', note: 'a scene of the demo' }, 'demo', clock())
    }
  }

  return {
    staging: (alerts: Alerts): Alerts => ({
      ...alerts,
      record: (findings, now) =>
        alerts.record(
          findings.map(finding => mark(alerts, finding)),
          now,
        ),
    }),
    /** At stop, closes what is open; at start, closes what a killed demo left open. */
    closer: (alerts: Pick<Alerts, 'list' | 'act'>): Part => ({
      name: 'staged alerts',
      start: () => close(alerts),
      stop: () => close(alerts),
    }),
  }
}
