import type { DeviceId, EventId, Place } from '../../core/words.ts'

/** The key of a snapshot: a device sends one for an event. */
export interface PictureKey {
  readonly device: DeviceId
  readonly event: EventId
}

/** The place where it was taken; undefined if the registry has lost it. */
export const placeOfPicture = (
  { place }: Pick<Picture, 'place'>,
  registered: (id: number) => Place | undefined,
): Place | undefined => (typeof place === 'number' ? registered(place) : place)

/** Both ids in one key: neither can hold a slash. */
export const keyText = ({ device, event }: PictureKey) => `${device}/${event}`

export interface NewPicture extends PictureKey {
  /** The time of its event, epoch ms. */
  readonly at: number
  /** The place of the device. */
  readonly place: Place
  /** True for an event that somebody should see at once. */
  readonly urgent: boolean
}

/** A redacted snapshot at rest. */
export interface Picture extends Omit<NewPicture, 'place'> {
  /** A number is an id of the registry, as in the first versions. */
  readonly place: Place | number
  /** Grows in the order of coming to rest; never used twice, not even after the index was lost. */
  readonly position: number
  readonly restedAt: number
  readonly bytes: number
}

export interface PictureQuery {
  readonly device?: DeviceId
  /** [from, to) is the range of event times, epoch ms. */
  readonly from?: number
  readonly to?: number
  /** The last picture of the page before. */
  readonly after?: PictureKey & { readonly at: number }
  readonly limit: number
}

/** The reason for a deletion: the picture was too old, there was no room, or file and index did not match. */
export type DeletionReason = 'age' | 'room' | 'orphan'

export interface SnapshotReader {
  find(key: PictureKey): Picture | undefined
  /** Newest event first. */
  list(query: PictureQuery): Picture[]
  /** Pictures behind a position, in the order of coming to rest. */
  after(position: number, limit: number): Picture[]
  /** The JPEG, with its sighting as caption (caption.ts); undefined if it is gone. */
  read(key: PictureKey): Promise<Buffer | undefined>
}

/**
 * Snapshots at rest: redacted, bounded by age and by bytes. This is the side of the process that writes;
 * others have a `SnapshotReader`.
 */
export interface Snapshots extends SnapshotReader {
  /** Resolves when the picture would survive a power cut and can be found. Putting the same again changes nothing. */
  put(picture: NewPicture, jpeg: Buffer): Promise<Picture>
  /**
   * Deletes pictures that are too old, and the oldest beyond the limit of bytes, but none that is held. Logs each
   * deletion. Works on a full disk.
   */
  sweep(): Promise<void>
  /** Deletes files that the index does not know, and removes rows whose file is gone. */
  reconcile(): Promise<void>
  stats(): SnapshotStats
}

export interface SnapshotStats {
  readonly pictures: number
  readonly bytes: number
  /** Kept beyond their time because they are held, by the last sweep. */
  readonly held: number
  readonly deleted: Readonly<Record<DeletionReason, number>>
}
