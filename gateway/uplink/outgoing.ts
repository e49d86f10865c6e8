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

/** A centre stops reading from one connection at 64. */
const maxMessages = 32
const maxUrgentMessages = 48
/** An ack may take so long, and as long again as the bytes on their way take on the worst line that is of any use. */
const ackTimeoutMs = 20 * secondMs
const worstBytesPerS = 8 * 1024

/** Messages on their way: each is sent once on a connection, and again on the next one if its ack did not come. */
export class Outgoing {
  readonly window: Window
  readonly #clock: Clock
  readonly #onAck: (draft: Draft) => void
  #publish: Publish | undefined
  /** A new map for each connection, so that an answer from an old one finds nothing. Oldest first. */
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

  /** Records and pictures in them. */
  get unackedItems(): number {
    const drafts = [...[...this.#flights.values()].map(({ draft }) => draft), ...this.#again]
    return drafts.reduce((sum, { numbers }) => sum + numbers.length, 0)
  }

  up(publish: Publish): void {
    this.#publish = publish
  }

  /** The connection is gone: what was on its way comes first on the next one. Places are said anew anyway. */
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

  /** The first that is to be sent again and whose place is known; those of one device keep their order. */
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

  /** The oldest has waited for its ack for longer than any line takes. */
  isStuck(): boolean {
    const [oldest] = this.#flights.values()
    if (oldest === undefined) return false
    const allowedMs = ackTimeoutMs + (this.#bytes / worstBytesPerS) * secondMs
    return this.#clock() - oldest.sentAt > allowedMs
  }
}
