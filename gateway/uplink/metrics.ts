import { secondMs } from '../../core/clock.ts'
import { createGauges } from '../../core/gauges.ts'
import type { UplinkStats } from './uplink-stats.ts'

/** Prometheus metrics of the uplink, read off it when they are asked for. */
export function createUplinkMetrics(stats: () => UplinkStats): () => Promise<string> {
  const gauges = createGauges()
  const gauge = (name: string, help: string, read: (stats: UplinkStats) => number) =>
    gauges.gauge(`lintel_uplink_${name}`, help, () => read(stats()))
  const labelled = (
    name: string,
    help: string,
    label: string,
    read: (stats: UplinkStats) => ReadonlyMap<string, number>,
  ) => gauges.labelled(`lintel_uplink_${name}`, help, label, () => read(stats()))

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
  labelled(
    'sent_total',
    'Records, pictures and places sent, each time.',
    'kind',
    ({ counters }) => counters.sent,
  )
  labelled(
    'refusals_total',
    'Refusals that the centre told of, by code.',
    'code',
    ({ counters }) => counters.refusals,
  )
  gauge(
    'acked_total',
    'Records and pictures that the centre has taken over.',
    ({ counters }) => counters.acked,
  )
  gauge('resent_total', 'Sent once more, since no ack had come.', ({ counters }) => counters.resent)
  gauge(
    'untold_total',
    'Records passed over: of gateways below, or of places that are not known.',
    ({ untold }) => untold,
  )
  gauge('pictures_sent_total', 'Pictures that the centre has.', ({ counters }) => counters.pictures)
  gauge(
    'pictures_skipped_total',
    'Pictures that were deleted before they could be sent.',
    ({ picturesSkipped }) => picturesSkipped,
  )
  gauge('bytes_total', 'Bytes of payloads sent.', ({ counters }) => counters.bytes)
  return gauges.text
}
