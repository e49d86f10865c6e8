import type { EventId } from '../../core/words.ts'

/** `health` is an event too; it is a kind of its own because it may be dropped when room is short. */
export type MessageKind = 'event' | 'health' | 'snapshot'

export interface NewMessage {
  readonly kind: MessageKind
  /** The event's id; a snapshot's is the id of the event it belongs to. */
  readonly id: EventId
  /** The event as JSON in UTF-8, or the bytes of the JPEG. A resend has exactly the same bytes. */
  readonly payload: Buffer
}

export interface Message extends NewMessage {
  /** Grows with every message, and is never used twice. */
  readonly position: number
}

export interface OutboxLimits {
  readonly records: number
  /** Bytes of all payloads together. */
  readonly bytes: number
}

export const defaultOutboxLimits: OutboxLimits = { records: 100_000, bytes: 256 * 1024 * 1024 }

export interface OutboxCounters {
  readonly refusedSnapshots: number
  readonly droppedHealth: number
  readonly refusedEvents: number
}

/**
 * The messages of a device that nobody has acknowledged yet. The outbox, and not the MQTT library's own queue, is the
 * truth: a message stays here until its PUBACK has come, whatever happens in between.
 *
 * At its limits it has this policy:
 * 1. a new snapshot is refused if it would take the outbox beyond three quarters of a limit: the last quarter is for
 *    events;
 * 2. for a new event at the limit, the oldest health events are dropped until it fits;
 * 3. if that is not enough, nothing is dropped, and the new event is refused.
 * Refused means that `add` rejects with OUTBOX_FULL: the device must keep the message or count it as lost. Events about
 * people and doors are never dropped once they are in. Each of the three has a counter.
 */
export interface Outbox {
  /**
   * Resolves once the message would survive a power cut (if the outbox is on disk). Messages keep the order of the calls.
   * Does not look for an id that is already here: the gateway does. Throws OUTBOX_FULL.
   */
  add(message: NewMessage): Promise<void>
  /** Messages behind the position `after`, oldest first: at most `records`, and at most `bytes` unless the first alone is larger. */
  oldest(range: { after: number; records: number; bytes: number }): Message[]
  /** Removes messages; ignores positions that are already gone. After a crash removed messages may be back. */
  remove(positions: readonly number[]): Promise<void>
  size(): number
  bytes(): number
  counters(): OutboxCounters
  close(): Promise<void>
}
