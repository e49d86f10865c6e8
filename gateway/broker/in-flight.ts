import { keepAlive, pauseReading, resumeReading } from './aedes-internals.ts'
import type { Session } from './session.ts'

export interface InFlightLimits {
  /** Messages of one device that may wait for the journal; past it its socket is not read. */
  readonly maxPerDevice: number
  /** Bytes of all devices' messages that may wait; past it no socket that sends is read, past twice that they are closed. */
  readonly maxBytes: number
}

const keepAliveEveryMs = 5000

/**
 * What has been read from sockets and not yet been made durable. Aedes has no limit of its own: a disk
 * that stalls for a minute would let one device fill the memory with snapshots.
 */
export class InFlight {
  readonly #limits: InFlightLimits
  readonly #paused = new Set<Session>()
  readonly #busy = new Set<Session>()
  readonly #timer: NodeJS.Timeout
  messages = 0
  bytes = 0
  pauses = 0

  constructor(limits: InFlightLimits) {
    this.#limits = limits
    this.#timer = setInterval(() => {
      for (const session of this.#busy) keepAlive(session.client)
    }, keepAliveEveryMs)
    this.#timer.unref()
  }

  /** False if the message cannot even wait. */
  enter(session: Session, bytes: number): boolean {
    if (this.bytes + bytes > 2 * this.#limits.maxBytes) return false
    this.messages++
    this.bytes += bytes
    if (session.inFlight++ === 0) this.#busy.add(session)
    if (session.paused) return true
    if (session.inFlight >= this.#limits.maxPerDevice || this.bytes >= this.#limits.maxBytes) {
      session.paused = true
      this.pauses++
      this.#paused.add(session)
      pauseReading(session.client)
    }
    return true
  }

  leave(session: Session, bytes: number): void {
    this.messages--
    this.bytes -= bytes
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

  stop(): void {
    clearInterval(this.#timer)
  }

  #resume(session: Session): void {
    if (session.inFlight > this.#limits.maxPerDevice / 2 || this.bytes > this.#limits.maxBytes / 2) return
    session.paused = false
    this.#paused.delete(session)
    if (!session.client.closed) resumeReading(session.client)
  }
}
