import { keepAlive, pauseReading, resumeReading } from './aedes-internals.ts'
import type { Session } from './session.ts'

export interface InFlightLimits {
  /** Messages of one device that may wait for the journal; at that its socket is not read. */
  readonly maxPerDevice: number
  /**
   * Bytes of all devices' messages that may wait; past it no socket that sends is read, past twice that they are closed.
   * One device cannot fill it: aedes reads a socket again when all is done that the last read held.
   */
  readonly maxBytes: number
}

/**
 * Items of one device's messages that may wait: a commit takes as long as the items of all in it, and so do the acks
 * of the others. One message of 500 always may. What is parked costs the journal some five times as much as a record.
 */
const maxItemsPerDevice = 1000

/** Half of the shortest time after which aedes misses a ping, 1.5 times a keepalive of 1 s. */
const keepAliveEveryMs = 750

/**
 * What has been read from sockets and not yet been made durable. Aedes has no limit of its own: a disk
 * that stalls for a minute would let one device fill the memory with snapshots.
 */
export class InFlight {
  readonly #limits: InFlightLimits
  readonly #paused = new Set<Session>()
  readonly #busy = new Set<Session>()
  readonly #timer: NodeJS.Timeout
  #draining = false
  messages = 0
  bytes = 0
  pauses = 0

  constructor(limits: InFlightLimits) {
    this.#limits = limits
    this.#timer = setInterval(() => {
      for (const session of this.#busy) keepAlive(session.client)
      for (const session of this.#paused) keepAlive(session.client)
    }, keepAliveEveryMs)
    this.#timer.unref()
  }

  /** False if the message cannot even wait. */
  enter(session: Session, bytes: number): boolean {
    if (this.bytes + bytes > 2 * this.#limits.maxBytes) return false
    this.messages++
    this.bytes += bytes
    if (session.inFlight++ === 0) this.#busy.add(session)
    if (this.#isOver(session, 1)) this.#pause(session)
    return true
  }

  /** So many items have come of a message that has entered. */
  weigh(session: Session, items: number): void {
    session.itemsInFlight += items
    if (this.#isOver(session, 1)) this.#pause(session)
  }

  leave(session: Session, bytes: number, items: number): void {
    this.messages--
    this.bytes -= bytes
    session.itemsInFlight -= items
    if (--session.inFlight === 0) {
      this.#busy.delete(session)
      keepAlive(session.client)
    }
    if (session.paused) this.#resume(session)
    // The last to leave wakes those that were paused for the sake of all.
    if (this.#paused.size > 0 && this.bytes <= this.#limits.maxBytes / 2) {
      for (const other of this.#paused) this.#resume(other)
    }
  }

  /** Reads no more from anybody. Resolves when nothing waits for the journal, or `withinMs` have passed. */
  async drain(sessions: Iterable<Session>, withinMs: number): Promise<void> {
    this.#draining = true
    for (const session of sessions) this.#pause(session)
    const until = performance.now() + withinMs
    while (this.messages > 0 && performance.now() < until)
      await new Promise(resolve => setTimeout(resolve, 5))
    clearInterval(this.#timer)
  }

  /** Whether so large a part of a limit is reached, the device's own or that of all. */
  #isOver({ inFlight, itemsInFlight }: Session, part: number): boolean {
    const { maxPerDevice, maxBytes } = this.#limits
    const isAt = (value: number, limit: number) => (part < 1 ? value > limit * part : value >= limit)
    return (
      isAt(inFlight, maxPerDevice) || isAt(this.bytes, maxBytes) || isAt(itemsInFlight, maxItemsPerDevice)
    )
  }

  #pause(session: Session): void {
    if (session.paused) return
    session.paused = true
    this.pauses++
    this.#paused.add(session)
    pauseReading(session.client)
  }

  #resume(session: Session): void {
    if (this.#draining || this.#isOver(session, 1 / 2)) return
    session.paused = false
    this.#paused.delete(session)
    if (!session.client.closed) resumeReading(session.client)
  }
}
