import { Gauge, Registry } from 'prom-client'
import type { Clock } from '../core/clock.ts'
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

/** Adding up all devices takes tens of milliseconds, and anybody may ask. */
const countsEveryMs = 5000
const counted = tallyFields.filter(field => field !== 'lastReceivedAt')

/** Prometheus metrics of the journal's counts and of what lies behind it: those of the database apart, since it may hang. */
export function createStoreMetrics({ journal, store, intake, refill, clock }: StoreMetricParts): {
  readonly ofJournal: () => Promise<string>
  readonly ofStore: () => Promise<string>
} {
  const registry = new Registry()
  const ofDatabase = new Registry()
  let countedAt = Number.NEGATIVE_INFINITY
  new Gauge({
    name: 'lintel_events_total',
    help: 'Events of all devices by what became of them; some of these counts are parts of others.',
    labelNames: ['lane', 'outcome'],
    registers: [registry],
    collect() {
      if (clock() - countedAt < countsEveryMs) return
      countedAt = clock()
      const { tallies } = journal.audit(journal.end())
      for (const lane of ['event', 'snapshot'] as const) {
        for (const outcome of counted) {
          let n = 0
          for (const tally of tallies.values()) n += tally[lane][outcome]
          this.set({ lane, outcome }, n)
        }
      }
    },
  })
  if (intake !== undefined) {
    const gauge = (name: string, help: string, field: keyof IntakeStats) =>
      new Gauge({ name, help, registers: [registry], collect() { this.set(intake.stats()[field]) } }) // biome-ignore format: one line
    gauge('lintel_store_applied', 'Position of the journal up to which the store has everything.', 'applied')
    gauge('lintel_store_rows_written_total', 'Rows written since the start.', 'rows')
    gauge('lintel_store_batches_total', 'Batches written since the start.', 'batches')
    gauge('lintel_store_failures_total', 'Batches that failed and were tried again.', 'failures')
    gauge('lintel_journal_damaged_records_total', 'Records that could not be read back.', 'damaged')
    gauge('lintel_journal_forks_total', 'Times that the journal was found to be an older copy.', 'forks')
    gauge('lintel_store_freed_positions_total', 'Positions freed before the store had them.', 'freed')
  }
  if (refill !== undefined) {
    const gauge = (name: string, help: string, field: keyof RefillStats) =>
      new Gauge({ name, help, registers: [registry], collect() { this.set(refill.stats()[field]) } }) // biome-ignore format: one line
    gauge('lintel_store_refilled_rows_total', 'Rows that were lost and written again.', 'refilled')
    gauge(
      'lintel_store_missing_rows',
      'Rows that were lost, and that the journal holds no longer.',
      'missing',
    )
    gauge('lintel_store_foreign_rows', 'Rows at positions that the journal gave to no row.', 'foreign')
  }
  if (store !== undefined) {
    const rejected = new Gauge({
      name: 'lintel_store_rejected_rows_total',
      help: 'Rows that an InfluxDB refused for good since the start, kept aside.',
      registers: [ofDatabase],
    })
    new Gauge({
      name: 'lintel_store_rows',
      help: 'Rows by kind.',
      labelNames: ['kind'],
      registers: [ofDatabase],
      async collect() {
        const stats = await store.stats().catch(() => undefined)
        for (const [kind, n] of Object.entries(stats?.rows ?? {})) this.set({ kind }, n)
        if (stats?.rejected !== undefined) rejected.set(stats.rejected)
      },
    })
  }
  return { ofJournal: () => registry.metrics(), ofStore: () => ofDatabase.metrics() }
}
