import { type Clock, secondMs } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import type { Draft, IsAnnounced } from './draft.ts'
import type { Window } from './window.ts'

/** Publishes at QoS 1; `acked` is called at the PUBACK, or never. */
export type Publish = (topic: string, payload: Buffer, acked: () => void) => void

interface Flight {
  readonly draft: Draft
  readonly sentAt: number
}

/** Fewer than 64: at that number a centre stops reading from a connection. */
const maxMessages = 32
const maxUrgentMessages = 48
/** The time for an ack. The time that the bytes on their way take on the slowest useful line is added. */
const ackTimeoutMs = 20 * secondMs
const worstBytesPerS = 8 * 1024

/** Unacked messages: each is sent once on a connection, and again on the next one if its ack did not come. */
export class Outgoing {
  readonly window: Window
  readonly #clock: Clock
  readonly #onAck: (draft: Draft) => void
  #publish: Publish | undefined
  /** Oldest first. Each connection has a new map, so that an answer from an old one finds nothing. */
  #flights = new Map<number, Flight>()
  #again: Draft[] = []
  #serial = 0
  #bytes = 0

  constructor(window: Window, clock: Clock, onAck: (draft: Draft) => void) {
    this.window = window
    this.#clock = clock
    this.#onAck = onAck
  }

  get unacked(): number {
    return this.#flights.size + this.#again.length
  }

  /** Number of records and pictures in unacked messages. */
  get unackedItems(): number {
    const drafts = [...[...this.#flights.values()].map(({ draft }) => draft), ...this.#again]
    return drafts.reduce((sum, { numbers }) => sum + numbers.length, 0)
  }

  up(publish: Publish): void {
    this.#publish = publish
  }

  /** The connection is gone: unacked messages come first on the next one, except places, which are announced again anyway. */
  down(): void {
    if (this.#publish === undefined) return
    this.#publish = undefined
    const drafts = [...this.#flights.values()].map(({ draft }) => draft)
    this.#again = [...drafts.filter(({ kind }) => kind !== 'place'), ...this.#again]
    this.#flights = new Map()
    this.#bytes = 0
    this.window.narrow()
  }

  hasRoom(urgent: boolean): boolean {
    if (this.#publish === undefined) return false
    if (urgent) return this.#flights.size < maxUrgentMessages
    return this.#flights.size < maxMessages && (this.#bytes < this.window.bytes || this.#flights.size === 0)
  }

  /** The first message to be sent again whose place is known; those of one device keep their order. */
  nextAgain(urgent: boolean, isAnnounced: IsAnnounced): Draft | undefined {
    const blocked = new Set<DeviceId>()
    for (const [index, draft] of this.#again.entries()) {
      const { device, place } = draft
      if (draft.urgent !== urgent || blocked.has(device)) continue
      if (isAnnounced(device, place)) return this.#again.splice(index, 1)[0]
      blocked.add(device)
    }
    return undefined
  }

  waitsAgain(urgent: boolean): boolean {
    return this.#again.some(draft => draft.urgent === urgent)
  }

  send(draft: Draft): void {
    const flights = this.#flights
    const flight = ++this.#serial
    const sentAt = this.#clock()
    const { length } = draft.payload
    flights.set(flight, { draft, sentAt })
    this.#bytes += length
    this.#publish!(draft.topic, draft.payload, () => {
      if (flights !== this.#flights || !flights.delete(flight)) return
      this.#bytes -= length
      this.window.acked(length, sentAt, this.#clock())
      this.#onAck(draft)
    })
  }

  /** True if the oldest has waited for its ack for longer than any useful line takes. */
  isStuck(): boolean {
    const [oldest] = this.#flights.values()
    if (oldest === undefined) return false
    const allowedMs = ackTimeoutMs + (this.#bytes / worstBytesPerS) * secondMs
    return this.#clock() - oldest.sentAt > allowedMs
  }
}
