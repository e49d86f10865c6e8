import { Counter, Gauge, Registry } from 'prom-client'
import type { ConnectionStats } from '../core/http-connections.ts'
import type { Turns } from './turns.ts'

export interface HttpMetricParts {
  readonly connections: { stats(): ConnectionStats }
  readonly turns: Pick<Turns, 'stats'>
  /** Answers that were errors, by code. */
  readonly problems: ReadonlyMap<string, number>
}

/** What the API's own bounds do. */
export function createHttpMetrics({ connections, turns, problems }: HttpMetricParts): () => Promise<string> {
  const registry = new Registry()
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({ name, help, registers: [registry], collect() { this.set(read()) } }) // biome-ignore format: one line
  gauge('lintel_http_connections', 'Open connections.', () => connections.stats().open)
  gauge('lintel_http_connections_crowded_out_total', 'Closed to make room for others.', () => connections.stats().crowdedOut) // biome-ignore format: one line
  gauge('lintel_http_readers_cut_total', 'Closed because they took too little of an answer.', () => connections.stats().cutSlow) // biome-ignore format: one line
  gauge('lintel_questions_running', 'Questions of flow under way.', () => turns.stats().running)
  gauge(
    'lintel_questions_waiting',
    'Questions of flow that wait for their turn.',
    () => turns.stats().waiting,
  )
  gauge('lintel_questions_refused_total', 'Questions of flow that waited too long, or with too many.', () => turns.stats().refused) // biome-ignore format: one line
  new Counter({
    name: 'lintel_http_problems_total',
    help: 'Answers that were errors, by their code.',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [code, n] of problems) this.inc({ code }, n)
    },
  })
  return () => registry.metrics()
}
