import { flood, type GeneratorTask, percentile, someFloodOptions } from './flood.ts'

/** The load, in a process of its own: what it does as its one argument, what came of it on its channel. */
const task = JSON.parse(process.argv[2] ?? 'null') as GeneratorTask
const result = await flood(someFloodOptions(task))
process.send?.({
  acked: result.acked,
  seconds: result.seconds,
  cut: result.cut,
  startedAt: result.startedAt,
  p50Ms: percentile(result.latencies, 0.5),
  p99Ms: percentile(result.latencies, 0.99),
})
