import type { Clock } from '../core/clock.ts'
import { createMetricSet, type Metrics } from '../core/metrics.ts'
import type { JournalReader } from '../gateway/journal/journal.ts'
import { tallyFields } from '../gateway/journal/tally.ts'
import type { IntakeStats, RefillStats } from '../ingest/intake/intake-stats.ts'
import type { Store } from '../ingest/store/store.ts'

export interface StoreMetricParts {
  journal: JournalReader
  store: Store | undefined
  intake: { stats(): IntakeStats } | undefined
  refill?: { stats(): RefillStats } | undefined
  clock: Clock
}

/** Adding up all devices takes tens of milliseconds, and requests may be frequent. */
const countsEveryMs = 5000
const counted = tallyFields.filter(field => field !== 'lastReceivedAt')

/** Prometheus metrics of the journal's counts and of its consumers. Those of the database are separate, because it may hang. */
export function createStoreMetrics({ journal, store, intake, refill, clock }: StoreMetricParts): {
  readonly ofJournal: Metrics
  readonly ofStore: Metrics
} {
  const ofJournal = createMetricSet()
  const ofStore = createMetricSet()
  let countedAt = Number.NEGATIVE_INFINITY
  let counts: (readonly [readonly string[], number])[] = []
  ofJournal.counters(
    'lintel_events_total',
    'Events of all devices by what became of them, since the journal was made; some of these counts are parts of others.',
    ['lane', 'outcome'],
    () => {
      if (clock() - countedAt >= countsEveryMs) {
        countedAt = clock()
        const tallies = [...journal.audit(journal.end()).tallies.values()]
        counts = (['event', 'snapshot'] as const).flatMap(lane =>
          counted.map(outcome => [
            [lane, outcome],
            tallies.reduce((sum, tally) => sum + tally[lane][outcome], 0),
          ]),
        )
      }
      return counts
    },
  )
  if (intake !== undefined) addIntakeMetrics(ofJournal, intake.stats)
  if (refill !== undefined) addRefillMetrics(ofJournal, refill.stats)
  if (store !== undefined) {
    let rejected = 0
    ofStore.gauges('lintel_store_rows', 'Rows by kind.', 'kind', async () => {
      const stats = await store.stats().catch(() => undefined)
      rejected = stats?.rejected ?? rejected
      return Object.entries(stats?.rows ?? {})
    })
    ofStore.counter(
      'lintel_store_rejected_rows_total',
      'Rows that an InfluxDB refused for good since the start, kept aside.',
      () => rejected,
    )
  }
  return { ofJournal, ofStore }
}

function addIntakeMetrics({ gauge, counter, histogram }: Metrics, stats: () => IntakeStats): void {
  gauge(
    'lintel_store_applied',
    'Position of the journal up to which the store has everything.',
    () => stats().applied,
  )
  counter('lintel_store_rows_written_total', 'Rows written since the start.', () => stats().rows)
  counter('lintel_store_failures_total', 'Batches that failed and were tried again.', () => stats().failures)
  counter(
    'lintel_journal_damaged_records_total',
    'Records that could not be read back.',
    () => stats().damaged,
  )
  counter(
    'lintel_journal_forks_total',
    'Times that the journal was found to be an older copy.',
    () => stats().forks,
  )
  counter(
    'lintel_store_freed_positions_total',
    'Positions freed before the store had them.',
    () => stats().freed,
  )
  histogram('lintel_store_write_seconds', 'Writes of a batch of rows into the store.', stats().writes)
}

function addRefillMetrics({ gauge, counter }: Metrics, stats: () => RefillStats): void {
  counter(
    'lintel_store_refilled_rows_total',
    'Rows that were lost and written again.',
    () => stats().refilled,
  )
  gauge(
    'lintel_store_missing_rows',
    'Rows that were lost, and that the journal holds no longer.',
    () => stats().missing,
  )
  gauge(
    'lintel_store_foreign_rows',
    'Rows at positions that the journal gave to no row.',
    () => stats().foreign,
  )
}
