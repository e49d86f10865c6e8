import { createMetricSet, type Metrics } from '../../core/metrics.ts'
import type { AlertLive } from './alert-live.ts'

/** Prometheus metrics of the live stream's readers. */
export function createLiveMetrics({ stats }: AlertLive): Metrics {
  const metrics = createMetricSet()
  const { gauge, counters } = metrics
  gauge('lintel_alert_readers', 'Who reads the live stream of alerts now.', () => stats().readers)
  counters('lintel_alert_readers_cut_total', 'Live streams that were ended, since the start.', 'why', () => {
    const { cutSlow, cutRevoked, refused } = stats()
    return Object.entries({ slow: cutSlow, revoked: cutRevoked, full: refused })
  })
  return metrics
}
