import type { Position } from '../../core/history.ts'
import type { DeviceId, ObjectKind, Place, Seq } from '../../core/words.ts'
import { fieldsOf, type StoredKind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Stretch, StretchSums } from '../../gateway/journal/stretch.ts'
import type { Scan, ScanQuery } from './scan.ts'

/** A record with the names of its place, on its way into the time series. */
export interface Row {
  readonly seq: Seq
  readonly place: Place
  readonly record: EventRecord<StoredKind>
}

export interface RowBatch {
  /** The journal that the positions are of. */
  readonly journal: string
  /** In order of position. */
  readonly rows: readonly Row[]
  /** Position behind which the next batch begins; at least that of the last row. */
  readonly next: Seq
  /** The last position of each epoch that it reaches into; the last of them is `next`. Absent where none is known. */
  readonly epochs?: readonly Position[]
}

/** What can be grouped and filtered by. Those of a place, then each kind's own enumerations. */
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

/** The words that a dimension can have, '' for none among them where it may be absent; undefined where it is open. */
export function wordsOf(kind: StoredKind, dimension: Dimension): readonly string[] | undefined {
  const field = fieldsOf(kind).find(({ name }) => name === dimension)
  if (field?.type !== 'enum') return undefined
  return field.optional ? [...field.values, ''] : field.values
}

/**
 * Counts of one kind by stretch of time and by dimensions. Calendars and zones are none of a store's
 * business: it gets stretches in which the offset from UTC is constant, and cuts each in equal steps.
 */
export interface CellQuery {
  readonly kind: 'passage' | 'vehicle' | 'sighting' | 'door'
  /** Adds this up instead of counting rows: how many of a kind were seen on pictures, how long doors were open. */
  readonly sum?: ObjectKind | 'openMs'
  /** [from, to) in epoch ms, each beginning where the one before ends; `at + offsetMs` is local wall-clock time. */
  readonly segments: readonly CellSegment[]
  /** Absent: each segment is one step. */
  readonly stepMs?: number
  /** A multiple of `stepMs`: steps that lie that far apart in local time are put together, as the hours of all days are. */
  readonly foldMs?: number
  readonly by: readonly Dimension[]
  /** Only what has one of these values in each of these dimensions. */
  readonly where: { readonly [D in Dimension]?: readonly string[] }
  /** No more cells than that, whichever: so that an answer nobody wants does not fill the memory. */
  readonly limit?: number
}

export interface CellSegment {
  readonly from: number
  readonly to: number
  readonly offsetMs: number
  /** Only rows that were received before that, epoch ms. */
  readonly receivedBefore?: number
}

export interface Cell {
  /** Which of the query's segments. */
  readonly segment: number
  /**
   * Start of the step in local wall-clock ms, a multiple of `stepMs`: with `foldMs` counted from the last multiple
   * of that, so in [0, foldMs). 0 without `stepMs`.
   */
  readonly localStart: number
  /** Values in the order of `by`; '' where an event had none. */
  readonly values: readonly string[]
  /** Rows, or what was added up, which may be 0. */
  readonly count: number
  /** Rows: of a sum, those that have such a number. Never 0. */
  readonly rows: number
}

/** The time series. One process writes; the same batch written twice is stored once. */
export interface Store {
  /**
   * Resolves once every row is durable and can be queried. Rows up to the position already applied for
   * this journal are skipped, so repeating a batch, or part of one, changes nothing.
   * Rejects with STORE_WRITE_FAILED or STORE_UNAVAILABLE: then nothing of it was applied.
   */
  write(batch: RowBatch): Promise<void>
  /** The position up to which this journal has been applied; 0 for one that is not known. */
  applied(journal: string): Promise<Seq>
  /** The last position of each epoch of this journal that has been applied. Empty where none was noted. */
  epochs(journal: string): Promise<readonly Position[]>
  /**
   * The journal was replaced by an older copy of itself that has `seq` in common with what was applied: rows behind it
   * stay, under another name than this journal's, and what comes next is applied from there.
   */
  fork(journal: string, seq: Seq): Promise<void>
  /** Sums over the rows of this journal up to `to` in each of these stretches, which are in order. */
  sums(journal: string, stretches: readonly Stretch[], to: Seq): Promise<StretchSums[]>
  /** Positions of the rows of this journal in a stretch. */
  positions(journal: string, stretch: Stretch): Promise<Set<Seq>>
  /** Writes rows of positions already applied that were found missing (`positions`). */
  refill(journal: string, rows: readonly Row[]): Promise<void>
  /** Cells that are not empty, in no particular order. Rejects with STORE_UNAVAILABLE. */
  cells(query: CellQuery): Promise<Cell[]>
  /**
   * The same, each as it is read, so that a million need not be in memory at once; what `take` throws ends it. Absent
   * where the database hands them over all at once.
   */
  eachCell?(query: CellQuery, take: (cell: Cell) => void): Promise<void>
  /**
   * Rows of what devices reported, so of no sightings, of this journal up to position `seq`, by device. Those that
   * have expired still count, whatever their position.
   */
  countByDevice(journal: string, seq: Seq): Promise<Map<DeviceId, number>>
  /**
   * Deletes some of the rows that are to go, the oldest of them first, and resolves with how many; with 0 once none is
   * left. A call is short, so that writing goes on between two. What it does to the positions applied is nothing: an
   * expired row that is written again is skipped as any other.
   * Rejects with STORE_UNAVAILABLE, STORE_WRITE_FAILED, or RETENTION_UNSUPPORTED where the database cannot.
   */
  expire(expiry: Expiry): Promise<number>
  /** How many rows there are to go, asked of the database anew each time. Rejects with STORE_UNAVAILABLE. */
  countBefore(expiry: Omit<Expiry, 'limit'>): Promise<number>
  /** Time of the oldest row of a kind, epoch ms; asked of the database anew each time. */
  oldest(kind: StoredKind): Promise<number | undefined>
  /** Rows as they rest, for whoever wants them all. Rejects with STORE_UNAVAILABLE, or API_REQUEST_INVALID for a cursor of another store. */
  scan(query: ScanQuery): Promise<Scan>
  /** Where the database keeps sums of its rows so that long stretches are answered fast; they stay when rows expire. */
  readonly summaries?: Summaries
  stats(): Promise<StoreStats>
  close(): Promise<void>
}

export interface Summaries {
  /** Sums up a day of rows, if there is one; resolves with how many. Answers are the same before and after. */
  update(): Promise<number>
  /** Since when there are all rows of a kind, epoch ms: of the time before only sums may be left. Undefined where nothing is summed up. */
  rowsSince(kind: CellQuery['kind']): Promise<number | undefined>
  /** Deletes what has been summed up of the time before that, epoch ms. */
  expire(before: number): Promise<void>
}

/** Rows of one kind whose time is before that. */
export interface Expiry {
  readonly kind: StoredKind
  /** Epoch ms, not included. */
  readonly before: number
  /** Only those that come from such a place. */
  readonly of?: PlaceFilter
  /** Rows of one call, about. */
  readonly limit?: number
}

export type PlaceFilter = { readonly [D in (typeof placeDimensions)[number]]?: string }

export interface StoreStats {
  readonly rows: { readonly [K in StoredKind]: number }
  readonly bytes: number
  readonly oldestAt: number | undefined
  /** Rows that the database refused for good and that are kept aside, since the start; absent where there can be none. */
  readonly rejected?: number
}
