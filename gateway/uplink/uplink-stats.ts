import type { Counters } from './counters.ts'

export interface UplinkStats {
  readonly connected: boolean
  /** True while the centre refuses something and everything waits. */
  readonly refused: boolean
  /** Records that the centre does not have yet. `oldestAgeMs` is how long the oldest has been here. */
  readonly lag: number
  readonly oldestAgeMs: number
  /** Unacked records and pictures. */
  readonly unacked: number
  readonly windowBytes: number
  /** Records that were passed over: those of gateways that report here. */
  readonly untold: number
  readonly picturesSkipped: number
  readonly counters: Counters
}
