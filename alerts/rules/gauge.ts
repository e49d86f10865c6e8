export const gauges = ['journal-lag', 'store-down', 'disk-free', 'clock-doubt', 'deletions-held'] as const
export type GaugeName = (typeof gauges)[number]

/** A measurement of the service itself, for the operator. */
export interface Gauge {
  readonly kind: 'gauge'
  readonly gauge: GaugeName
  /** Seconds, seconds, the free share of the disk, seconds, and how many. */
  readonly value: number
  /** Epoch ms. */
  readonly at: number
  readonly receivedAt: number
}
