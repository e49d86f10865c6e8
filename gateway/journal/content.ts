import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { fnv1a, folded } from '../../core/fnv1a.ts'
import {
  type EventRecord,
  encodeRecord,
  isOfAlarm,
  maxRecordBytes,
  recordDataAt,
} from '../../devices/contract/record.ts'

/** The content is not known: it is taken for the same as any. */
export const unknownContent = 0

const stampMs = 10 * secondMs
const stamps = 65_536
/** Firmware that sends an event again with the time of sending is as far off as it was away, mostly. */
const restampedMs = hourMs
/** Two alarms so far apart are two, or the later would not be told. */
const alarmRestampedMs = 2 * minuteMs

/**
 * Sums an event up in 32 bits, to tell it from another under the same id: 16 of its type and data (FNV-1a, folded), 16
 * of the time that its device gave it, in steps of 10 s that begin anew after a week. 25 ns.
 */
export function contentOf(record: Buffer, from: number, to: number, claimedAt: number | undefined): number {
  if (claimedAt === undefined) return unknownContent
  const hash = folded(fnv1a(record, from + recordDataAt, to, fnv1a(record, from, from + 1)))
  const stamp = Math.floor(claimedAt / stampMs) % stamps
  return (hash || 1) * stamps + (stamp < 0 ? stamp + stamps : stamp)
}

/** An event as it is told from others under its id. */
export interface Identified {
  readonly content: number
  readonly isOfAlarm: boolean
}

/** `restamped`: the same but for its time, and near enough to be sent again by a device that stamps what it sends. */
export type Likeness = 'same' | 'restamped' | 'other'
/** Of an id: whether it is known, and of what. */
export type Known = 'new' | Likeness

/** How an event compares with what was stored under its id. */
export function likenessOf(known: number, { content, isOfAlarm }: Identified): Likeness {
  if (known === unknownContent || content === unknownContent) return 'same'
  if (Math.floor(known / stamps) !== Math.floor(content / stamps)) return 'other'
  const apart = Math.abs((known % stamps) - (content % stamps))
  const apartMs = Math.min(apart, stamps - apart) * stampMs
  if (apartMs <= stampMs) return 'same'
  return apartMs > (isOfAlarm ? alarmRestampedMs : restampedMs) ? 'other' : 'restamped'
}

/** A record that is not encoded yet, by its content, and whether it is of an alarm. */
export function identify(record: EventRecord, claimedAt: number | undefined): Identified {
  const bytes = Buffer.alloc(maxRecordBytes)
  const end = encodeRecord(record, 0, bytes, 0)
  return { content: contentOf(bytes, 0, end, claimedAt), isOfAlarm: isOfAlarm(bytes, 0) }
}
