import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { PictureHolding } from '../../gateway/snapshots/picture-holdings.ts'
import type { Deletion, HeldDeletion } from '../../ingest/retention/deletions.ts'
import type { PlaceFilter } from '../../ingest/store/store.ts'

/** Rows of a kind. */
export interface RowHolding {
  readonly kind: StoredKind
  readonly rows: number
  /** Approximate: the size of all kinds, divided by the width of their rows. */
  readonly bytes: number
  readonly oldestAt?: number
  /** Absent: forever. */
  readonly days?: number
  readonly last?: Deletion
  /** A deletion that waits for confirmation. */
  readonly held?: HeldDeletion
}

export interface RetentionView {
  readonly rows: readonly RowHolding[]
  readonly pictures: readonly PictureHolding[]
}

/** Something that exists but should have been deleted. */
export interface Overdue {
  readonly what: StoredKind | PictureHolding['stage']
  /** Nothing may be older, epoch ms. */
  readonly limit: number
  readonly oldestAt: number
}

export interface Erasure {
  readonly of: PlaceFilter
  /** Epoch ms, exclusive. */
  readonly before: number
}

export interface RetentionOperations {
  /** Lists what is stored, how old it is, and how old it may be. Throws STORE_UNAVAILABLE. */
  retention(): Promise<RetentionView>
  /** Newest first; only those with a number below `after`. */
  listDeletions(query: { limit: number; after?: number }): Promise<Deletion[]>
  /** Asks the database and the file system for what should have been deleted. Throws STORE_UNAVAILABLE. */
  verifyRetention(): Promise<Overdue[]>
  /** Confirms the held deletion of a kind. Throws DELETION_NOT_HELD or STORE_UNAVAILABLE. */
  allowDeletion(kind: StoredKind): Promise<HeldDeletion>
  /** Deletes the rows from a place. Throws API_REQUEST_INVALID, STORE_UNAVAILABLE or RETENTION_UNSUPPORTED. */
  eraseRows(erasure: Erasure): Promise<Deletion[]>
}
