import { createGauges } from '../core/gauges.ts'
import type { Restarts } from '../core/service-messages.ts'

/** What the supervisor tells of the processes of the service. */
export function createProcessMetrics(
  restarts: () => Readonly<Record<string, Restarts>>,
): () => Promise<string> {
  const { labelled, text } = createGauges()
  const of = (member: keyof Restarts) => () =>
    Object.entries(restarts()).map(([name, counts]) => [name, counts[member]] as const)
  labelled('lintel_process_restarts_total', 'Times that a process was started again.', 'process', of('ended'))
  labelled(
    'lintel_process_hangs_total',
    'Times that a process was started again because it did not answer.',
    'process',
    of('hung'),
  )
  return text
}
