import { keepAlive, pauseReading, resumeReading } from './aedes-internals.ts'
import type { Session } from './session.ts'

export interface InFlightLimits {
  /** Most messages of one device that wait for the journal; at this number its socket is not read. */
  readonly maxPerDevice: number
  /**
   * Most bytes of all devices' messages that wait. Beyond it no socket that sends is read; beyond twice that they are
   * closed. One device cannot fill it: aedes reads a socket again only when all that the last read held is done.
   */
  readonly maxBytes: number
}

/**
 * Most items of one device's messages that wait: a commit takes as long as all its items, and so do the acks of others.
 * One message of 500 items may always wait. A parked item costs the journal some five times as much as a record.
 */
const maxItemsPerDevice = 1000

/** Half of the shortest time after which aedes misses a ping, 1.5 times a keepalive of 1 s. */
const keepAliveEveryMs = 750

/**
 * Messages that were read from sockets and are not yet durable. Aedes has no limit of its own: while a disk stalls for a
 * minute, one device could fill the memory with snapshots.
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

  /** False if there is no room for the message to wait. */
  enter(session: Session, bytes: number): boolean {
    if (this.bytes + bytes > 2 * this.#limits.maxBytes) return false
    this.messages++
    this.bytes += bytes
    if (session.inFlight++ === 0) this.#busy.add(session)
    if (this.#isOver(session, 1)) this.#pause(session)
    return true
  }

  /** Adds the items of a message that has entered. */
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
    // The last to leave wakes those that were paused because of the limit for all.
    if (this.#paused.size > 0 && this.bytes <= this.#limits.maxBytes / 2) {
      for (const other of this.#paused) this.#resume(other)
    }
  }

  /** Stops reading from everybody. Resolves when nothing waits for the journal, or `withinMs` have passed. */
  async drain(sessions: Iterable<Session>, withinMs: number): Promise<void> {
    this.#draining = true
    for (const session of sessions) this.#pause(session)
    const until = performance.now() + withinMs
    while (this.messages > 0 && performance.now() < until)
      await new Promise(resolve => setTimeout(resolve, 5))
    clearInterval(this.#timer)
  }

  /** True if this part of a limit is reached, one of the device's own or that of all. */
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
