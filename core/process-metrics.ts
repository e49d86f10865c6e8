import { readdirSync } from 'node:fs'
import type { Metrics } from './metrics.ts'

/** Adds the usual metrics of a process. `name` distinguishes it from the other processes of the service. */
export function addProcessMetrics(metrics: Metrics, name: string): void {
  const ofThis = (read: () => number) => () => [[name, read()] as const]
  const startedAt = Math.round(performance.timeOrigin) / 1000
  metrics.counters(
    'process_cpu_seconds_total',
    'Time of the processor that a process has used.',
    'process',
    ofThis(() => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    }),
  )
  metrics.gauges('process_resident_memory_bytes', 'Memory that a process holds.', 'process', ofThis(() => process.memoryUsage.rss())) // biome-ignore format: one line
  metrics.gauges('process_start_time_seconds', 'When a process started, since 1970.', 'process', ofThis(() => startedAt)) // biome-ignore format: one line
  metrics.gauges(
    'process_open_fds',
    'Files and sockets that a process has open.',
    'process',
    ofThis(openFiles),
  )
}

/** NaN if the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return Number.NaN
  }
}
