import type { Durations } from '../core/durations.ts'
import type { ConnectionStats } from '../core/http-connections.ts'
import { createMetricSet, type Metrics } from '../core/metrics.ts'
import type { Turns } from './turns.ts'

export interface HttpMetricParts {
  readonly connections: { stats(): ConnectionStats }
  readonly turns: Pick<Turns, 'stats'>
  readonly requests: Durations
  /** Number of error answers, by code. */
  readonly problems: ReadonlyMap<string, number>
}

/** Metrics of the API's own limits. */
export function createHttpMetrics({ connections, turns, requests, problems }: HttpMetricParts): Metrics {
  const metrics = createMetricSet()
  const { gauge, counter, counters, histogram } = metrics
  gauge('lintel_http_connections', 'Open connections.', () => connections.stats().open)
  counter(
    'lintel_http_connections_crowded_out_total',
    'Connections closed to make room for others.',
    () => connections.stats().crowdedOut,
  )
  counter(
    'lintel_http_readers_cut_total',
    'Connections closed because they took too little of an answer.',
    () => connections.stats().cutSlow,
  )
  histogram('lintel_http_request_seconds', 'Requests, from their head to the end of the answer.', requests)
  gauge('lintel_questions_running', 'Questions of flow under way.', () => turns.stats().running)
  gauge(
    'lintel_questions_waiting',
    'Questions of flow that wait for their turn.',
    () => turns.stats().waiting,
  )
  counter(
    'lintel_questions_refused_total',
    'Questions of flow that waited too long, or with too many.',
    () => turns.stats().refused,
  )
  counters('lintel_http_problems_total', 'Answers that were errors, by their code.', 'code', () => problems)
  return metrics
}
