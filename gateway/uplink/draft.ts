import type { DeviceId, Place } from '../../core/words.ts'

export type DraftKind = 'place' | 'event' | 'status' | 'sighting' | 'snapshot'

/** A message to the centre, for one of our devices. */
export interface Draft {
  readonly kind: DraftKind
  readonly topic: string
  readonly payload: Buffer
  readonly device: DeviceId
  /** Where it stood, which the centre must have heard before. */
  readonly place: Place
  readonly urgent: boolean
  /** Positions in its stream of what is in it. */
  readonly numbers: readonly number[]
}

/** Whether the centre knows that the device stands there; where not, it is about to be told. */
export type IsAnnounced = (device: DeviceId, place: Place) => boolean
