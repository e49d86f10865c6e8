import type { Durations } from '../../core/durations.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { History } from '../../core/history.ts'
import type { DeviceId, EventId, Seq } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Stretch } from './stretch.ts'
import type { Tally } from './tally.ts'

/** Something to journal: a record, or a payload that broke the contract. */
export type Item =
  | {
      readonly id: EventId
      readonly record: EventRecord
      /** The time that its device gave it. With type and data it tells whether the id was used for another event before. */
      readonly claimedAt?: number
      /** Replaces this parked item. */
      readonly unpark?: ParkedKey
    }
  | { readonly parked: Parked }

/** `reused`: stored although its id was known, since it is another event. `restamped`: a duplicate although its time differs. */
export type Outcome = 'stored' | 'duplicate' | 'parked' | 'reused' | 'restamped'

/** The kept part of a payload that broke the contract. Nothing of it can be a person's. */
export interface Parked {
  readonly lane: Lane
  readonly receivedAt: number
  readonly code: ErrorCode
  readonly reason: string
  /** The event's id, if it had a valid one. */
  readonly id?: EventId
  readonly bytes: number
  /** Its shape; absent if it was not even JSON. */
  readonly payload?: unknown
}

/** Events (statuses included) and snapshots are counted separately; a sighting counts as `sighted` of the snapshot lane. */
export type Lane = 'event' | 'snapshot'

export type ParkedKey = number

/** Counts that admission adds to those of the items; saved with the next commit. */
export interface Note {
  readonly received?: number
  readonly refused?: number
  readonly personal?: number
  readonly ignored?: number
}

/**
 * The spine: its records are on disk, once, in order. This is the side of the process that writes; consumers, in any
 * process, have a `JournalReader`.
 */
export interface Journal {
  /**
   * Resolves, with an outcome for each item, only when all of them would survive a power cut. Items are ordered as they
   * were appended. A (device, id) that was stored in the last 31 days is a duplicate, and is not stored again, unless it
   * is of another type, data or time (content.ts): that is another event.
   *
   * Rejects with JOURNAL_FULL, JOURNAL_DISK_LOW, JOURNAL_COMMIT_FAILED, JOURNAL_CLOSED or PUBLISH_OVERLOADED: then
   * nothing of this call is in the journal, and it has been counted as refused.
   */
  append(device: DeviceId, items: readonly Item[], lane?: Lane): Promise<Outcome[]>
  /** Adds to the device's tally with the next commit, after a second at most. */
  note(device: DeviceId, lane: Lane, note: Note): void
  /** Removes a parked item; it stays counted. Resolves to false if there is none. */
  dropParked(key: ParkedKey): Promise<boolean>
  /** Frees the records up to `seq` that were committed before `before`. Resolves to the number of records freed. */
  trim(seq: Seq, before: number): Promise<number>
  stats(): JournalStats
  stop(): Promise<void>
}

export interface JournalStats {
  /** Last position given out. */
  readonly end: Seq
  readonly records: number
  readonly bytes: number
  readonly pendingBytes: number
  /** Durations of commits. `appends`: from the call until durable. */
  readonly commits: Durations
  readonly appends: Durations
  readonly parked: number
  /** Parked items that were dropped to make room for others, since the journal was made. */
  readonly parkedDropped: number
  /** Ids that are remembered. `rememberedDays`: for how many days; fewer than 31 if the bound was reached. */
  readonly remembered: number
  readonly rememberedDays: number
  /** Ids ever forgotten before their time, because there were too many. */
  readonly rememberedGaveWay: number
  /** Remembered ids of the device that has most. */
  readonly rememberedLargest: number
  /** The reason why appends are refused now; undefined if they are not. */
  readonly refusing: ErrorCode | undefined
}

export interface Entry {
  readonly seq: Seq
  readonly device: DeviceId
  readonly id: EventId
  readonly record: EventRecord
}

export interface JournalReader extends History {
  /**
   * Records after `seq`, oldest first, at most `limit`; fewer only at the end. `damaged` counts records that are missing
   * or cannot be read; they are skipped, and `next` lies behind them. `freed` counts records after `seq` that had been
   * freed before: they are skipped, too.
   */
  read(seq: Seq, limit: number): { entries: Entry[]; next: Seq; damaged: number; freed: number }
  /** The last position whose record was freed. */
  freedUpTo(): Seq
  /**
   * The stretches that have positions in (from, to], the last of them as if the journal ended at `to`. The sums include
   * records that were freed. Stretches older than format 3 are left out.
   */
  stretches(from: Seq, to: Seq): Stretch[]
  /** One consistent view of the counts and of the records after `seq`. */
  audit(seq: Seq): Audit
  parked(limit: number): ParkedEntry[]
  findParked(key: ParkedKey): ParkedEntry | undefined
  close(): Promise<void>
}

export interface ParkedEntry extends Parked {
  readonly key: ParkedKey
  readonly device: DeviceId
}

export interface Audit {
  readonly end: Seq
  readonly tallies: ReadonlyMap<DeviceId, Readonly<Record<Lane, Tally>>>
  /** Records after `seq` that devices reported, by device: no snapshots, and no sightings. */
  readonly queued: ReadonlyMap<DeviceId, number>
}
