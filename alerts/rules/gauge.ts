export const gauges = ['journal-lag', 'store-down', 'disk-free', 'clock-doubt', 'deletions-held'] as const
export type GaugeName = (typeof gauges)[number]

/** A measurement of the service itself, for its operator. */
export interface Gauge {
  readonly kind: 'gauge'
  readonly gauge: GaugeName
  /** Units in the order of `gauges`: seconds, seconds, free share of the disk, seconds, number. */
  readonly value: number
  /** Epoch ms. */
  readonly at: number
  readonly receivedAt: number
}
