import type { Clock } from '../../core/clock.ts'
import { createMetricSet, type Metrics } from '../../core/metrics.ts'
import { addProcessMetrics } from '../../core/process-metrics.ts'
import { sightingOutcomes } from '../../devices/contract/kinds.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import type { Attendance } from './attendance.ts'
import type { DeskStats } from './desk.ts'
import { type Looker, type LookerFault, lookerFaults } from './looker.ts'

export interface TaggerMetricParts {
  desk: { stats(): DeskStats }
  attendance: Attendance
  lookers: readonly Looker[]
  snapshots: Snapshots
  clock: Clock
}

/** Prometheus metrics of the tagger, read from its parts when they are asked for. */
export function createTaggerMetrics({
  desk,
  attendance,
  lookers,
  snapshots,
  clock,
}: TaggerMetricParts): Metrics {
  const metrics = createMetricSet()
  const { gauge, counter, counters, histogram } = metrics
  const sum = (of: LookerFault) => lookers.reduce((total, looker) => total + looker.replaced()[of], 0)

  gauge('lintel_tagger_backlog', 'Pictures that nobody has looked at yet.', () => desk.stats().backlog)
  gauge('lintel_tagger_backlog_age_seconds', 'How long the oldest of them has waited.', () => {
    const { oldestAt } = desk.stats()
    return oldestAt === undefined ? 0 : Math.max(0, (clock() - oldestAt) / 1000)
  })
  gauge(
    'lintel_tagger_to_redact',
    'Pictures that were looked at and not redacted yet.',
    () => desk.stats().toRedact,
  )
  counter(
    'lintel_tagger_behind_total',
    'Pictures that came behind those of others: their device had used more than its share of the workers.',
    () => attendance.stats().behind,
  )
  gauge('lintel_tagger_in_hand', 'Pictures that workers have in hand.', () => desk.stats().inHand)
  histogram(
    'lintel_tagger_sighting_seconds',
    'From the receipt of a picture to its sighting.',
    attendance.stats().sightings,
  )
  gauge(
    'lintel_tagger_workers_ready',
    'Workers that can be given pictures.',
    () => lookers.filter(({ isReady }) => isReady).length,
  )
  gauge('lintel_tagger_worker_bytes', 'Memory of the largest worker.', () =>
    Math.max(0, ...lookers.map(looker => looker.rssBytes())),
  )
  counters('lintel_tagger_pictures_total', 'Pictures by what became of them.', 'outcome', () =>
    sightingOutcomes.map(outcome => [outcome, attendance.stats().outcomes[outcome] ?? 0] as const),
  )
  counters('lintel_tagger_workers_replaced_total', 'Workers that were replaced, by why.', 'reason', () =>
    lookerFaults.map(reason => [reason, sum(reason)] as const),
  )
  counter(
    'lintel_snapshots_rested_total',
    'Redacted pictures that were kept.',
    () => attendance.stats().rested,
  )
  counter(
    'lintel_snapshots_unkept_total',
    'Pictures that were seen and could not be kept.',
    () => attendance.stats().unkept,
  )
  gauge('lintel_snapshots_pictures', 'Pictures at rest.', () => snapshots.stats().pictures)
  gauge('lintel_snapshots_bytes', 'Bytes of pictures at rest.', () => snapshots.stats().bytes)
  gauge(
    'lintel_snapshots_held',
    'Pictures kept beyond their time because they are held.',
    () => snapshots.stats().held,
  )
  counters('lintel_snapshots_deleted_total', 'Pictures deleted, by why.', 'reason', () =>
    Object.entries(snapshots.stats().deleted),
  )
  addProcessMetrics(metrics, 'tagger')
  return metrics
}
