import { expect, test } from 'vitest'
import { createNotifyMetrics } from '../../alerts/notify/notifier.ts'
import { createWatchMetrics } from '../../alerts/watch/metrics.ts'
import { createHttpMetrics } from '../../api/http-metrics.ts'
import { createLiveMetrics } from '../../api/live/live-metrics.ts'
import { createProcessMetrics } from '../../api/process-metrics.ts'
import { createStoreMetrics } from '../../api/store-metrics.ts'
import { Durations } from '../../core/durations.ts'
import type { MetricDefinition } from '../../core/metrics.ts'
import { createGatewayMetrics } from '../../gateway/metrics.ts'
import { createTaggerMetrics } from '../../gateway/tagger/metrics.ts'
import { createUplinkMetrics } from '../../gateway/uplink/metrics.ts'
import { markdownTable } from '../support/markdown-table.ts'

/** Only definitions are looked at, so nothing is read from it but the durations that a histogram takes at once. */
const unread = {
  stats: () => ({
    appends: new Durations(),
    commits: new Durations(),
    sightings: new Durations(),
    delays: new Durations(),
    writes: new Durations(),
  }),
} as never
const { ofJournal, ofStore } = createStoreMetrics({
  journal: unread,
  store: unread,
  intake: unread,
  refill: unread,
  clock: () => 0,
})
const parts: Record<string, readonly MetricDefinition[]> = {
  gateway: createGatewayMetrics({ journal: unread } as never).definitions,
  tagger: createTaggerMetrics({ attendance: unread } as never).definitions,
  uplink: createUplinkMetrics(() => unread).definitions,
  store: [...ofJournal.definitions, ...ofStore.definitions],
  alerts: [
    ...createWatchMetrics({ watch: unread } as never).definitions,
    ...createNotifyMetrics(
      () => [],
      new Durations(),
      () => 0,
    ).definitions,
  ],
  api: [
    ...createHttpMetrics({ requests: new Durations() } as never).definitions,
    ...createLiveMetrics(unread).definitions,
  ],
  processes: createProcessMetrics(() => ({})).definitions,
}
const all = Object.values(parts).flat()

test('a metric is named as Prometheus has it: a counter ends with _total, a time with _seconds, and nothing is two things', () => {
  const kinds = new Map<string, string>()
  for (const { name, kind, help, labels } of all) {
    expect(name).toMatch(/^(?:lintel|process)_[a-z_]+$/)
    expect(name.endsWith('_total'), name).toBe(kind === 'counter')
    if (kind === 'histogram') expect(name).toMatch(/_seconds$/)
    expect(help).toMatch(/^[1A-Z].*[.]$/)
    const what = JSON.stringify([kind, help, labels])
    expect(kinds.get(name) ?? what).toBe(what)
    kinds.set(name, what)
  }
})

test('the page of metrics is made from the code', async () => {
  const told = new Set<string>()
  const rowsOf = (definitions: readonly MetricDefinition[]) =>
    definitions
      .filter(({ name }) => !told.has(name) && told.add(name))
      .map(({ name, kind, help, labels }) => [
        `\`${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`}\``,
        kind,
        help,
      ])
  const sections = Object.entries(parts).map(([part, definitions]) => {
    const table = markdownTable([['metric', 'kind', 'means'], ...rowsOf(definitions)])
    return `## ${part}\n\n${table}\n`
  })
  const text = `<!-- Made from the code by: npx vitest run test/api/metrics-list.test.ts -u -->

# Metrics

All that \`GET /metrics\` may tell; what to watch, and from when on, is in [operating.md](operating.md#what-to-watch). A counter grows while
a process runs; some go on from where they were when it starts again. Histograms are in seconds. \`lintel_metrics_age_seconds{part}\` says how
old what a part of the service told is.

${sections.join('\n')}`
  await expect(text).toMatchFileSnapshot('../../docs/metrics.md')
})
