import type { Clock } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Alerts } from '../alert/alerts.ts'
import type { Finding } from '../detect/rule.ts'

const pageOf = 200

/**
 * Alerts of what the demo lets go wrong with the service: marked, so that nobody looks for a full disk, and closed as a
 * test once the demo ends, since nobody would see that its condition is over.
 */
export function createStagedAlerts(isStaged: (rule: string) => boolean, clock: Clock) {
  const causes = new Set<string>()

  function mark(finding: Finding): Finding {
    const cause = `${finding.rule} ${finding.cause}`
    if (finding.kind === 'raised' && isStaged(finding.rule)) causes.add(cause)
    return causes.has(cause) ? { ...finding, parts: { ...finding.parts, scene: 'demo' } } : finding
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
      record: (findings, now) => alerts.record(findings.map(mark), now),
    }),
    /** Closes what is open when it stops, and what a demo that was killed has left when it starts. */
    closer: (alerts: Pick<Alerts, 'list' | 'act'>): Part => ({
      name: 'staged alerts',
      start: () => close(alerts),
      stop: () => close(alerts),
    }),
  }
}
