import type { Position } from '../../core/history.ts'
import type { DeviceId, ObjectKind, Place, Seq } from '../../core/words.ts'
import { fieldsOf, type StoredKind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Stretch, StretchSums } from '../../gateway/journal/stretch.ts'
import type { Scan, ScanQuery } from './scan.ts'

/** A record with the names of its place, on its way to the time series. */
export interface Row {
  readonly seq: Seq
  readonly place: Place
  readonly record: EventRecord<StoredKind>
}

export interface RowBatch {
  /** The journal of the positions. */
  readonly journal: string
  /** In order of position. */
  readonly rows: readonly Row[]
  /** Position after which the next batch begins; at least that of the last row. */
  readonly next: Seq
  /** The last position of each epoch in it; the last one is `next`. Absent if none is known. */
  readonly epochs?: readonly Position[]
}

/** Dimensions for grouping and filtering: those of a place, then each kind's own enumerations. */
export const placeDimensions = ['site', 'building', 'point', 'device'] as const
export const dimensions = [
  ...placeDimensions,
  'direction',
  'result',
  'method',
  'holder',
  'reason',
  'class',
  'lane',
  'outcome',
  'state',
] as const
export type Dimension = (typeof dimensions)[number]

/** The words a dimension can have, including '' if it may be absent; undefined if any word is possible. */
export function wordsOf(kind: StoredKind, dimension: Dimension): readonly string[] | undefined {
  const field = fieldsOf(kind).find(({ name }) => name === dimension)
  if (field?.type !== 'enum') return undefined
  return field.optional ? [...field.values, ''] : field.values
}

/**
 * Counts of one kind by period and by dimensions. A store knows nothing of calendars and zones: it gets segments with a
 * constant offset from UTC, and cuts each into equal steps.
 */
export interface CellQuery {
  readonly kind: 'passage' | 'vehicle' | 'sighting' | 'door'
  /** Adds this up instead of counting rows: how many of a kind were seen on pictures, or how long doors were open. */
  readonly sum?: ObjectKind | 'openMs'
  /** [from, to) in epoch ms, each beginning where the previous one ends; `at + offsetMs` is local wall-clock time. */
  readonly segments: readonly CellSegment[]
  /** If absent, each segment is one step. */
  readonly stepMs?: number
  /** A multiple of `stepMs`: steps this far apart in local time are combined, such as the same hour of all days. */
  readonly foldMs?: number
  readonly by: readonly Dimension[]
  /** Only rows that have one of these values in each dimension given. */
  readonly where: { readonly [D in Dimension]?: readonly string[] }
  /** Most cells returned, whichever they are: keeps an oversized answer from filling the memory. */
  readonly limit?: number
}

export interface CellSegment {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
  /** Only rows received before this, epoch ms. */
  readonly receivedBefore?: number
}

export interface Cell {
  /** Index of the query's segment. */
  readonly segment: number
  /**
   * Start of the step in local wall-clock ms, a multiple of `stepMs`: with `foldMs`, counted from the last multiple of
   * that, so in [0, foldMs). 0 without `stepMs`.
   */
  readonly localStart: number
  /** Values in the order of `by`; '' if an event had none. */
  readonly values: readonly string[]
  /** Number of rows, or the sum, which may be 0. */
  readonly count: number
  /** Number of rows; for a sum, of rows that have the member. Never 0. */
  readonly rows: number
}

/** The time series. One process writes; writing the same batch twice stores it once. */
export interface Store {
  /**
   * Resolves once every row is durable and can be queried. Rows up to the position already applied for this journal are
   * skipped, so repeating a batch, or a part of it, changes nothing. Rejects with STORE_WRITE_FAILED or
   * STORE_UNAVAILABLE: then nothing of it was applied.
   */
  write(batch: RowBatch): Promise<void>
  /** The position up to which this journal has been applied; 0 if it is unknown. */
  applied(journal: string): Promise<Seq>
  /** The last applied position of each epoch of this journal. Empty if none was noted. */
  epochs(journal: string): Promise<readonly Position[]>
  /**
   * The journal was replaced by an older copy of itself that shares `seq` with what was applied: rows after it stay
   * under another journal name, and new ones are applied from there.
   */
  fork(journal: string, seq: Seq): Promise<void>
  /** Sums over the rows of this journal up to `to`, for each of these stretches, which are in order. */
  sums(journal: string, stretches: readonly Stretch[], to: Seq): Promise<StretchSums[]>
  /** Positions of the rows of this journal in a stretch. */
  positions(journal: string, stretch: Stretch): Promise<Set<Seq>>
  /** Writes rows that `positions` showed to be missing, at positions already applied. */
  refill(journal: string, rows: readonly Row[]): Promise<void>
  /** Non-empty cells in no particular order. Rejects with STORE_UNAVAILABLE. */
  cells(query: CellQuery): Promise<Cell[]>
  /**
   * Like `cells`, but passes each cell as it is read, so that a million need not be in memory at once; an error thrown
   * by `take` ends it. Absent if the database returns them all at once.
   */
  eachCell?(query: CellQuery, take: (cell: Cell) => void): Promise<void>
  /**
   * Number of rows reported by devices (so without sightings) of this journal up to position `seq`, by device. Expired
   * rows still count, whatever their position.
   */
  countByDevice(journal: string, seq: Seq): Promise<Map<DeviceId, number>>
  /**
   * Deletes some of the matching rows, oldest first, and resolves to how many; 0 once none is left. Each call is short,
   * so that writes can run in between. Applied positions do not change: an expired row that is written again is skipped
   * like any other. Rejects with STORE_UNAVAILABLE, STORE_WRITE_FAILED, or RETENTION_UNSUPPORTED if the database
   * cannot.
   */
  expire(expiry: Expiry): Promise<number>
  /** Number of rows that match; always asks the database. Rejects with STORE_UNAVAILABLE. */
  countBefore(expiry: Omit<Expiry, 'limit'>): Promise<number>
  /** Time of the oldest row of a kind, epoch ms; always asks the database. */
  oldest(kind: StoredKind): Promise<number | undefined>
  /** Reads all matching rows as stored. Rejects with STORE_UNAVAILABLE, or API_REQUEST_INVALID for a cursor of another store. */
  scan(query: ScanQuery): Promise<Scan>
  /** Present if the database keeps sums of its rows to answer long periods fast; they stay when rows expire. */
  readonly summaries?: Summaries
  stats(): Promise<StoreStats>
  close(): Promise<void>
}

export interface Summaries {
  /** Sums up one day of rows, if any is due; resolves to the number of days. Answers are the same before and after. */
  update(): Promise<number>
  /** Time from which all rows of a kind exist, epoch ms: of earlier ones only sums may be left. Undefined if nothing is summed. */
  rowsSince(kind: CellQuery['kind']): Promise<number | undefined>
  /** Deletes sums of the time before that, epoch ms. */
  expire(before: number): Promise<void>
}

/** Rows of one kind older than a time. */
export interface Expiry {
  readonly kind: StoredKind
  /** Epoch ms, exclusive. */
  readonly before: number
  /** Only rows from this place. */
  readonly of?: PlaceFilter
  /** Approximate number of rows per call. */
  readonly limit?: number
}

export type PlaceFilter = { readonly [D in (typeof placeDimensions)[number]]?: string }

export interface StoreStats {
  readonly rows: { readonly [K in StoredKind]: number }
  readonly bytes: number
  readonly oldestAt: number | undefined
  /** Rows that the database refused for good and that are kept aside, since the start; absent if it refuses none. */
  readonly rejected?: number
}
