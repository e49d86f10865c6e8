import type { DeviceId, ObjectKind, Place, Seq } from '../../core/words.ts'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'

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
] as const
export type Dimension = (typeof dimensions)[number]

/**
 * Counts of one kind by stretch of time and by dimensions. Calendars and zones are none of a store's
 * business: it gets stretches in which the offset from UTC is constant, and cuts each in equal steps.
 */
export interface CellQuery {
  readonly kind: 'passage' | 'vehicle' | 'sighting'
  /** Adds this up instead of counting rows: how many of a kind were seen on pictures. */
  readonly sum?: ObjectKind
  /** [from, to) in epoch ms, each beginning where the one before ends; `at + offsetMs` is local wall-clock time. */
  readonly segments: readonly { readonly from: number; readonly to: number; readonly offsetMs: number }[]
  readonly stepMs: number
  readonly by: readonly Dimension[]
  /** Only what has one of these values in each of these dimensions. */
  readonly where: { readonly [D in Dimension]?: readonly string[] }
  /** No more cells than that, whichever: so that an answer nobody wants does not fill the memory. */
  readonly limit?: number
}

export interface Cell {
  /** Which of the query's segments. */
  readonly segment: number
  /** Start of the step in local wall-clock ms: a multiple of `stepMs`. */
  readonly localStart: number
  /** Values in the order of `by`; '' where an event had none. */
  readonly values: readonly string[]
  /** Rows, or what was added up; never 0. */
  readonly count: number
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
  /** Cells that are not empty, in no particular order. Rejects with STORE_UNAVAILABLE. */
  cells(query: CellQuery): Promise<Cell[]>
  /** Rows of what devices reported, so of no sightings, of this journal up to position `seq`, by device. */
  countByDevice(journal: string, seq: Seq): Promise<Map<DeviceId, number>>
  stats(): Promise<StoreStats>
  close(): Promise<void>
}

export interface StoreStats {
  readonly rows: { readonly [K in StoredKind]: number }
  readonly bytes: number
  readonly oldestAt: number | undefined
  /** Rows that the database refused for good and that are kept aside, since the start; absent where there can be none. */
  readonly rejected?: number
}
