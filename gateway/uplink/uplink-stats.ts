import type { Counters } from './counters.ts'

export interface UplinkStats {
  readonly connected: boolean
  /** The centre refuses something, and everything waits. */
  readonly refused: boolean
  /** Records that the centre does not have yet, and how long the oldest has been here. */
  readonly lag: number
  readonly oldestAgeMs: number
  /** Records and pictures on their way. */
  readonly unacked: number
  readonly windowBytes: number
  /** Records that were passed over: of gateways that report here, or of places that are not known. */
  readonly untold: number
  readonly picturesSkipped: number
  readonly counters: Counters
}
