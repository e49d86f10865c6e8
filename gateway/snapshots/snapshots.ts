import type { DeviceId, EventId, Place } from '../../core/words.ts'

/** What a snapshot is found by: a device sends one for an event. */
export interface PictureKey {
  readonly device: DeviceId
  readonly event: EventId
}

/** Where it was taken; undefined for one whose place the registry has lost. */
export const placeOfPicture = (
  { place }: Pick<Picture, 'place'>,
  registered: (id: number) => Place | undefined,
): Place | undefined => (typeof place === 'number' ? registered(place) : place)

/** One text for both, as a key: neither id can hold a slash. */
export const keyText = ({ device, event }: PictureKey) => `${device}/${event}`

export interface NewPicture extends PictureKey {
  /** When its event happened, epoch ms. */
  readonly at: number
  /** Where the device stood. */
  readonly place: Place
  /** Of an event that somebody should see at once. */
  readonly urgent: boolean
}

/** A redacted snapshot at rest. */
export interface Picture extends Omit<NewPicture, 'place'> {
  /** A number is an id of the registry: so they were kept in the first versions. */
  readonly place: Place | number
  /** Grows in the order of coming to rest; never used twice, not even after the index was lost. */
  readonly position: number
  readonly restedAt: number
  readonly bytes: number
}

export interface PictureQuery {
  readonly device?: DeviceId
  /** [from, to) of the events' times, epoch ms. */
  readonly from?: number
  readonly to?: number
  /** The last one of the page before. */
  readonly after?: PictureKey & { readonly at: number }
  readonly limit: number
}

/** Why a picture was deleted: too old, no room, or file and index did not know of one another. */
export type DeletionReason = 'age' | 'room' | 'orphan'

export interface SnapshotReader {
  find(key: PictureKey): Picture | undefined
  /** Newest event first. */
  list(query: PictureQuery): Picture[]
  /** In the order of coming to rest, behind a position. */
  after(position: number, limit: number): Picture[]
  /** The JPEG, with what was seen on it as its caption (caption.ts); undefined if there is none any more. */
  read(key: PictureKey): Promise<Buffer | undefined>
}

/**
 * Snapshots at rest: redacted, bounded by age and by bytes. This is the side of the process that writes;
 * others have a `SnapshotReader`.
 */
export interface Snapshots extends SnapshotReader {
  /** Resolves when the picture would survive a power cut and can be found. The same again changes nothing. */
  put(picture: NewPicture, jpeg: Buffer): Promise<Picture>
  /**
   * Deletes what is too old, and the oldest beyond the bytes; what is held stays. Each deletion is logged. Works
   * on a full disk.
   */
  sweep(): Promise<void>
  /** Deletes files that the index does not know, and forgets rows whose file is gone. */
  reconcile(): Promise<void>
  stats(): SnapshotStats
}

export interface SnapshotStats {
  readonly pictures: number
  readonly bytes: number
  /** Kept beyond their time, by the last sweep. */
  readonly held: number
  readonly deleted: Readonly<Record<DeletionReason, number>>
}
