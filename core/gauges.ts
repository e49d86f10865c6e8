import { Gauge, Registry } from 'prom-client'

/** Prometheus metrics that are read off what they show whenever somebody asks: a hot path counts nothing twice. */
export interface Gauges {
  gauge(name: string, help: string, read: () => number): void
  /** One value for each value of a label. */
  labelled(
    name: string,
    help: string,
    label: string,
    read: () => Iterable<readonly [value: string, n: number]>,
  ): void
  /** In the text format. */
  text(): Promise<string>
}

export function createGauges(): Gauges {
  const registers = [new Registry()]
  return {
    gauge(name, help, read) {
      new Gauge({ name, help, registers, collect() { this.set(read()) } }) // biome-ignore format: one line
    },
    labelled(name, help, label, read) {
      new Gauge({
        name, help, labelNames: [label], registers,
        collect() {
          this.reset()
          for (const [value, n] of read()) this.set({ [label]: value }, n)
        },
      }) // biome-ignore format: what it is, then how it is read
    },
    text: () => registers[0]!.metrics(),
  }
}
