import { secondMs } from '../../core/clock.ts'
import { createMetricSet, type Metrics } from '../../core/metrics.ts'
import { addProcessMetrics } from '../../core/process-metrics.ts'
import type { UplinkStats } from './uplink-stats.ts'

/** Prometheus metrics of the uplink, read from it when they are asked for. */
export function createUplinkMetrics(stats: () => UplinkStats): Metrics {
  const metrics = createMetricSet()
  type Read<T> = (stats: UplinkStats) => T
  const gauge = (name: string, help: string, read: Read<number>) =>
    metrics.gauge(`lintel_uplink_${name}`, help, () => read(stats()))
  const counter = (name: string, help: string, read: Read<number>) =>
    metrics.counter(`lintel_uplink_${name}`, help, () => read(stats()))
  const counters = (name: string, help: string, label: string, read: Read<ReadonlyMap<string, number>>) =>
    metrics.counters(`lintel_uplink_${name}`, help, label, () => read(stats()))

  gauge('connected', '1 while the centre is connected.', ({ connected }) => Number(connected))
  gauge(
    'refused',
    '1 while the centre refuses something and everything waits: the log says what.',
    ({ refused }) => Number(refused),
  )
  gauge('lag_records', 'Records that the centre does not have yet.', ({ lag }) => lag)
  gauge(
    'oldest_age_seconds',
    'How long ago the oldest of them was received.',
    ({ oldestAgeMs }) => oldestAgeMs / secondMs,
  )
  gauge('unacked', 'Records and pictures on their way.', ({ unacked }) => unacked)
  gauge(
    'window_bytes',
    'Bytes that may be on their way, as the line has shown.',
    ({ windowBytes }) => windowBytes,
  )
  counters(
    'sent_total',
    'Records, pictures and places sent, each time.',
    'kind',
    ({ counters }) => counters.sent,
  )
  counters(
    'refusals_total',
    'Refusals that the centre told of, by code.',
    'code',
    ({ counters }) => counters.refusals,
  )
  counter(
    'acked_total',
    'Records and pictures that the centre has taken over.',
    ({ counters }) => counters.acked,
  )
  counter('resent_total', 'Sent once more, since no ack had come.', ({ counters }) => counters.resent)
  counter('untold_total', 'Records passed over, since they are of gateways below.', ({ untold }) => untold)
  counter('pictures_sent_total', 'Pictures that the centre has.', ({ counters }) => counters.pictures)
  counter(
    'pictures_skipped_total',
    'Pictures that were deleted before they could be sent.',
    ({ picturesSkipped }) => picturesSkipped,
  )
  counter('bytes_total', 'Bytes of payloads sent.', ({ counters }) => counters.bytes)
  addProcessMetrics(metrics, 'uplink')
  return metrics
}
