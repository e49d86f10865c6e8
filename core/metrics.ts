import { Counter, Gauge, type Metric, Registry } from 'prom-client'
import { type Durations, durationBuckets } from './durations.ts'

export interface MetricDefinition {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

/** The value of the label, or of each of the labels in their order, and the value of the metric. */
type Labelled = readonly [value: string | readonly string[], n: number]
type ReadLabelled = () => Iterable<Labelled> | Promise<Iterable<Labelled>>

/** Prometheus metrics. Values are read when somebody asks, so a hot path need not count anything twice. */
export interface Metrics {
  gauge(name: string, help: string, read: () => number): void
  /** A value that only grows while the process runs. Its name ends with `_total`. */
  counter(name: string, help: string, read: () => number): void
  /** One value for each combination of label values. */
  gauges(name: string, help: string, labels: string | readonly string[], read: ReadLabelled): void
  counters(name: string, help: string, labels: string | readonly string[], read: ReadLabelled): void
  /** Its name ends with `_seconds`. */
  histogram(name: string, help: string, durations: Durations): void
  readonly definitions: readonly MetricDefinition[]
  /** The metrics in the text format of Prometheus. */
  text(): Promise<string>
}

const factories = { counter: Counter, gauge: Gauge }

export function createMetricSet(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const definitions: MetricDefinition[] = []

  function define(
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    labels: string | readonly string[],
    read: ReadLabelled,
  ): void {
    const labelNames = [labels].flat()
    definitions.push({ name, kind, help, labels: labelNames })
    new factories[kind]({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const found = await read()
        this.reset()
        for (const [values, n] of found)
          this.inc(Object.fromEntries([values].flat().map((value, at) => [labelNames[at]!, value])), n)
      },
    })
  }

  return {
    gauge: (name, help, read) => define('gauge', name, help, [], () => [[[], read()]]),
    counter: (name, help, read) => define('counter', name, help, [], () => [[[], read()]]),
    gauges: (name, help, labels, read) => define('gauge', name, help, labels, read),
    counters: (name, help, labels, read) => define('counter', name, help, labels, read),
    histogram(name, help, durations) {
      definitions.push({ name, kind: 'histogram', help, labels: [] })
      registry.registerMetric(histogramOf(name, help, durations))
    },
    definitions,
    text: () => registry.metrics(),
  }
}

/** Reads our own counts: observing with the library's histogram costs twenty times as much. */
function histogramOf(name: string, help: string, durations: Durations): Metric {
  const value = (suffix: string, value: number, labels = {}) => ({
    metricName: `${name}_${suffix}`,
    labels,
    value,
  })
  const histogram = {
    name,
    async get() {
      const { upTo, count } = durations.cumulative()
      return {
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: [
          ...durationBuckets.map((le, at) => value('bucket', upTo[at]!, { le })),
          value('bucket', count, { le: '+Inf' }),
          value('sum', durations.sum),
          value('count', count),
        ],
      }
    },
    reset() {},
  }
  return histogram as unknown as Metric
}
