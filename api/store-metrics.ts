import { Gauge, Registry } from 'prom-client'
import type { IntakeStats } from '../ingest/intake/intake-stats.ts'
import type { Store } from '../ingest/store/store.ts'

/** Prometheus metrics of what lies behind the journal. */
export function createStoreMetrics({
  store,
  intake,
}: {
  store: Store | undefined
  intake: { stats(): IntakeStats } | undefined
}): () => Promise<string> {
  const registry = new Registry()
  if (intake !== undefined) {
    const gauge = (name: string, help: string, field: keyof IntakeStats) =>
      new Gauge({ name, help, registers: [registry], collect() { this.set(intake.stats()[field]) } }) // biome-ignore format: one line
    gauge('lintel_store_applied', 'Position of the journal up to which the store has everything.', 'applied')
    gauge('lintel_store_rows_written_total', 'Rows written since the start.', 'rows')
    gauge('lintel_store_batches_total', 'Batches written since the start.', 'batches')
    gauge('lintel_store_failures_total', 'Batches that failed and were tried again.', 'failures')
    gauge('lintel_journal_damaged_records_total', 'Records that could not be read back.', 'damaged')
  }
  if (store !== undefined) {
    new Gauge({
      name: 'lintel_store_rows',
      help: 'Rows by kind.',
      labelNames: ['kind'],
      registers: [registry],
      async collect() {
        const stats = await store.stats().catch(() => undefined)
        for (const [kind, n] of Object.entries(stats?.rows ?? {})) this.set({ kind }, n)
      },
    })
  }
  return () => registry.metrics()
}
