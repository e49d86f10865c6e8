import { hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { fnv1a, folded } from '../../core/fnv1a.ts'
import {
  type EventRecord,
  encodeRecord,
  isOfAlarm,
  maxRecordBytes,
  recordDataAt,
} from '../../devices/contract/record.ts'

/** The content is not known: it compares as the same as any. */
export const unknownContent = 0

const stampMs = 10 * secondMs
const stamps = 65_536
/** Firmware that resends an event with the time of sending is mostly off by as long as it was away. */
const restampedMs = hourMs
/** Two alarms this far apart are two: otherwise the later one would not be reported. */
const alarmRestampedMs = 2 * minuteMs

/**
 * Sums an event up in 32 bits, to tell it from another under the same id: 16 of its type and data (FNV-1a, folded), 16 of
 * the time that its device gave it, in steps of 10 s that start over after 7.6 days. 25 ns.
 */
export function contentOf(record: Buffer, from: number, to: number, claimedAt: number | undefined): number {
  if (claimedAt === undefined) return unknownContent
  const hash = folded(fnv1a(record, from + recordDataAt, to, fnv1a(record, from, from + 1)))
  const stamp = Math.floor(claimedAt / stampMs) % stamps
  return (hash || 1) * stamps + (stamp < 0 ? stamp + stamps : stamp)
}

/** The facts that tell an event from others under its id. */
export interface Identified {
  readonly content: number
  readonly isOfAlarm: boolean
}

/** `restamped`: the same except for its time, which is near enough for a device that stamps what it resends. */
export type Likeness = 'same' | 'restamped' | 'other'
/** The answer for an id: it is new, or its event compares like this with the known one. */
export type Known = 'new' | Likeness

/** Compares an event with the one that was stored under its id. */
export function likenessOf(known: number, { content, isOfAlarm }: Identified): Likeness {
  if (known === unknownContent || content === unknownContent) return 'same'
  if (Math.floor(known / stamps) !== Math.floor(content / stamps)) return 'other'
  const apart = Math.abs((known % stamps) - (content % stamps))
  const apartMs = Math.min(apart, stamps - apart) * stampMs
  if (apartMs <= stampMs) return 'same'
  return apartMs > (isOfAlarm ? alarmRestampedMs : restampedMs) ? 'other' : 'restamped'
}

/** The content of a record that is not encoded yet, and whether it is of an alarm. */
export function identify(record: EventRecord, claimedAt: number | undefined): Identified {
  const bytes = Buffer.alloc(maxRecordBytes)
  const end = encodeRecord(record, 0, bytes, 0)
  return { content: contentOf(bytes, 0, end, claimedAt), isOfAlarm: isOfAlarm(bytes, 0) }
}
