import { createMetricSet, type Metrics } from '../../core/metrics.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { Alerts } from '../book/alerts.ts'
import type { WatchStats } from './watch.ts'

export interface WatchMetricParts {
  readonly journal: Pick<JournalReader, 'end'>
  readonly watch: { stats(): WatchStats }
  readonly alerts: Pick<Alerts, 'countOpen'>
}

/** Prometheus metrics of the watch and the alerts. */
export function createWatchMetrics({ journal, watch, alerts }: WatchMetricParts): Metrics {
  const metrics = createMetricSet()
  const { gauge, gauges, counter, histogram } = metrics
  gauge('lintel_watch_lag_records', 'Records of the journal that the rules have not seen yet.', () =>
    Math.max(0, journal.end() - watch.stats().position),
  )
  counter('lintel_watch_findings_total', 'What rules found since the start.', () => watch.stats().findings)
  counter(
    'lintel_watch_failures_total',
    'Times that the watch began anew after a failure.',
    () => watch.stats().failures,
  )
  histogram(
    'lintel_alert_delay_seconds',
    'From the receipt of what decided an alert, or the deadline that passed, to its being told.',
    watch.stats().delays,
  )
  gauge('lintel_watch_units', 'Devices, points and sites that are watched.', () => watch.stats().units)
  counter(
    'lintel_watch_refused_total',
    'Devices, points and sites for which there was no room.',
    () => watch.stats().refused,
  )
  gauge(
    'lintel_watch_longest_seconds',
    'The longest piece of work since the start.',
    () => watch.stats().longestMs / 1000,
  )
  gauge(
    'lintel_flow_series',
    'Places and directions whose usual flow is known.',
    () => watch.stats().flow?.series ?? 0,
  )
  gauge(
    'lintel_flow_pending_bins',
    'Counts of flow that wait to be judged.',
    () => watch.stats().flow?.pending ?? 0,
  )
  counter(
    'lintel_flow_listed_total',
    'Unusual flow that was beyond the cap of a site.',
    () => watch.stats().flow?.listed ?? 0,
  )
  gauges('lintel_alerts_open', 'Alerts that are not closed.', 'severity', () =>
    Object.entries(alerts.countOpen()),
  )
  return metrics
}
