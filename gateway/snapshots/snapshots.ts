import type { DeviceId, EventId } from '../../core/words.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'

/** What a snapshot is found by: a device sends one for an event. */
export interface PictureKey {
  readonly device: DeviceId
  readonly event: EventId
}

export interface NewPicture extends PictureKey {
  /** When its event happened, epoch ms. */
  readonly at: number
  /** Id of the `Place` where the device stood. */
  readonly place: number
  /** Of an event that somebody should see at once. */
  readonly urgent: boolean
}

/** A redacted snapshot at rest. */
export interface Picture extends NewPicture {
  /** 1, 2, 3 … in the order of coming to rest; never used twice. */
  readonly position: number
  readonly restedAt: number
  readonly bytes: number
}

export type Sighting = DataOf<'sighting'>

export interface PictureQuery {
  readonly device?: DeviceId
  /** [from, to) of the events' times, epoch ms. */
  readonly from?: number
  readonly to?: number
  readonly limit: number
}

/** Why a picture was deleted. */
export type DeletionReason = 'age' | 'room' | 'orphan'

/**
 * Snapshots at rest: redacted, bounded by age and by bytes. This is the side of the process that writes;
 * others have a `SnapshotReader`.
 */
export interface Snapshots extends SnapshotReader {
  /** Resolves when the picture would survive a power cut and can be found. Putting it again changes nothing. */
  put(picture: NewPicture, jpeg: Buffer): Promise<Picture>
  /** Keeps what was seen on snapshots, to be shown with them; as long as they are. */
  note(
    sightings: readonly (PictureKey & { readonly at: number; readonly sighting: Sighting })[],
  ): Promise<void>
  /**
   * Deletes what is too old, and the oldest beyond the bytes; what is held stays. Files that the index does not
   * know go, too, and rows whose file is gone. Each deletion is logged. Works on a full disk.
   */
  sweep(): Promise<void>
  stats(): SnapshotStats
}

export interface SnapshotStats {
  readonly pictures: number
  readonly bytes: number
  readonly held: number
  readonly deleted: Readonly<Record<DeletionReason, number>>
}

export interface SnapshotReader {
  find(key: PictureKey): Picture | undefined
  /** Newest event first. */
  list(query: PictureQuery): Picture[]
  /** In the order of coming to rest, behind a position. */
  after(position: number, limit: number): Picture[]
  /** The JPEG; undefined if it was deleted meanwhile. */
  read(key: PictureKey): Promise<Buffer | undefined>
  sightingOf(key: PictureKey): Sighting | undefined
}
