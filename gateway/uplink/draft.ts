import type { DeviceId, Place } from '../../core/words.ts'

export type DraftKind = 'place' | 'event' | 'status' | 'sighting' | 'snapshot'

/** A message to the centre, for one of our devices. */
export interface Draft {
  readonly kind: DraftKind
  readonly topic: string
  readonly payload: Buffer
  readonly device: DeviceId
  /** The place of the device, which the centre must know before. */
  readonly place: Place
  readonly urgent: boolean
  /** The positions of its content in its stream. */
  readonly numbers: readonly number[]
}

/** True if the centre knows that the device stands there; if not, the place is queued to be told. */
export type IsAnnounced = (device: DeviceId, place: Place) => boolean
