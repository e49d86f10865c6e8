import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { PictureHolding } from '../../gateway/snapshots/picture-holdings.ts'
import type { Deletion, HeldDeletion } from '../../ingest/retention/deletions.ts'
import type { PlaceFilter } from '../../ingest/store/store.ts'

/** Rows of a kind. */
export interface RowHolding {
  readonly kind: StoredKind
  readonly rows: number
  /** About: what all kinds take, shared out by the width of their rows. */
  readonly bytes: number
  readonly oldestAt?: number
  /** Absent: for ever. */
  readonly days?: number
  readonly last?: Deletion
  /** One that waits until somebody says that it is meant. */
  readonly held?: HeldDeletion
}

export interface RetentionView {
  readonly rows: readonly RowHolding[]
  readonly pictures: readonly PictureHolding[]
}

/** What is there though it should be gone. */
export interface Overdue {
  readonly what: StoredKind | PictureHolding['stage']
  /** Nothing may be older, epoch ms. */
  readonly limit: number
  readonly oldestAt: number
}

export interface Erasure {
  readonly of: PlaceFilter
  /** Epoch ms, not included. */
  readonly before: number
}

export interface RetentionOperations {
  /** What there is, how old it is, and how long it may be. Throws STORE_UNAVAILABLE. */
  retention(): Promise<RetentionView>
  /** Newest first; only those before number `after`. */
  listDeletions(query: { limit: number; after?: number }): Promise<Deletion[]>
  /** Asks the database and the file system for what should be gone. Throws STORE_UNAVAILABLE. */
  verifyRetention(): Promise<Overdue[]>
  /** Says that the deletion that is held of a kind is meant. Throws DELETION_NOT_HELD or STORE_UNAVAILABLE. */
  allowDeletion(kind: StoredKind): Promise<HeldDeletion>
  /** Deletes the rows that come from a place. Throws API_REQUEST_INVALID, STORE_UNAVAILABLE or RETENTION_UNSUPPORTED. */
  eraseRows(erasure: Erasure): Promise<Deletion[]>
}
