import type { EventId } from '../../core/words.ts'

/** `health` is an event too; it has a word of its own because it may be dropped where room is short. */
export type MessageKind = 'event' | 'health' | 'snapshot'

export interface NewMessage {
  readonly kind: MessageKind
  /** The event's id; a snapshot's is the id of the event it belongs to. */
  readonly id: EventId
  /** The event as JSON in UTF-8, or the bytes of the JPEG: sent again as it is here, byte for byte. */
  readonly payload: Buffer
}

export interface Message extends NewMessage {
  /** Grows with every message, never used twice. */
  readonly position: number
}

export interface OutboxLimits {
  readonly records: number
  /** Of all payloads together. */
  readonly bytes: number
}

export const defaultOutboxLimits: OutboxLimits = { records: 100_000, bytes: 256 * 1024 * 1024 }

export interface OutboxCounters {
  readonly refusedSnapshots: number
  readonly droppedHealth: number
  readonly refusedEvents: number
}

/**
 * What a device has to say and nobody has acknowledged yet. This, and not the MQTT library's own
 * queue, is the truth: a message is here until its PUBACK has come, whatever happens in between.
 *
 * It has limits, and this is what happens at them:
 * 1. a new snapshot is refused once it would take the outbox beyond three quarters of a limit:
 *    the last quarter is for events;
 * 2. for a new event at the limit, the oldest health events are dropped until it fits;
 * 3. where that is not enough nothing is dropped, and the new event is refused.
 * Refused means that `add` rejects with OUTBOX_FULL, and that the device must keep it or count it as
 * lost. Events that tell of people and doors are never dropped once they are in. Each of the three has
 * a counter.
 */
export interface Outbox {
  /**
   * Resolves once the message would survive a power cut (of an outbox that is on disk). Messages keep
   * the order of the calls. Does not look for an id that is here already: the gateway does.
   * Throws OUTBOX_FULL.
   */
  add(message: NewMessage): Promise<void>
  /** Messages behind the position `after`, oldest first: at most `records`, and `bytes` unless the first alone is larger. */
  oldest(range: { after: number; records: number; bytes: number }): Message[]
  /** Forgets messages; positions that are gone already are ignored. After a crash they may be back. */
  remove(positions: readonly number[]): Promise<void>
  size(): number
  bytes(): number
  counters(): OutboxCounters
  close(): Promise<void>
}
