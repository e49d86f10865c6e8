export const gauges = ['journal-lag', 'store-down', 'disk-free'] as const
export type GaugeName = (typeof gauges)[number]

/** A measurement of the service itself, for the operator. */
export interface Gauge {
  readonly kind: 'gauge'
  readonly gauge: GaugeName
  /** Seconds, seconds, and the free share of the disk. */
  readonly value: number
  /** Epoch ms. */
  readonly at: number
  readonly receivedAt: number
}
