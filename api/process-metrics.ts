import { createMetricSet, type Metrics } from '../core/metrics.ts'
import { addProcessMetrics } from '../core/process-metrics.ts'
import type { Restarts } from '../core/service-messages.ts'

/** The supervisor's metrics of the service's processes. */
export function createProcessMetrics(restarts: () => Readonly<Record<string, Restarts>>): Metrics {
  const metrics = createMetricSet()
  const { counters } = metrics
  const of = (member: keyof Restarts) => () =>
    Object.entries(restarts()).map(([name, counts]) => [name, counts[member]] as const)
  counters('lintel_process_restarts_total', 'Times that a process was started again.', 'process', of('ended'))
  counters(
    'lintel_process_hangs_total',
    'Times that a process was started again because it did not answer.',
    'process',
    of('hung'),
  )
  addProcessMetrics(metrics, 'ingest')
  return metrics
}
