import type { Client } from 'aedes'
import { keepAlive, outputOf, pauseReading, resumeReading } from './aedes-internals.ts'
import { LoopShare, type LoopWait } from './loop-share.ts'

/** A client that waits is alive, but its pings are not read: it is woken this often to keep it alive. */
const wakeEveryMs = 500

export type Wait = Exclude<LoopWait, 'turn'> | 'output'

/** Counts the turns of the event loop in which anything was parsed. */
class Turns {
  #number = 0
  #isOver = true

  get current(): number {
    if (this.#isOver) {
      this.#isOver = false
      this.#number++
      setImmediate(() => {
        this.#isOver = true
      })
    }
    return this.#number
  }
}

/** Makes connections wait, so that none holds up the others: meanwhile its socket is left unread. */
export class Throttles {
  readonly #turns = new Turns()
  readonly #ofClient = new WeakMap<Client, Throttle>()
  /** Times a connection had to wait for more than its next turn. */
  readonly waits: Record<Wait, number> = { control: 0, messages: 0, bytes: 0, work: 0, output: 0 }

  add(client: Client, isPaused: () => boolean): Throttle {
    const throttle = new Throttle(client, isPaused, this.#turns, this.waits)
    this.#ofClient.set(client, throttle)
    return throttle
  }

  of(client: Client): Throttle | undefined {
    return this.#ofClient.get(client)
  }
}

class Throttle {
  readonly #client: Client
  /** True if the client is left unread for another reason, which will resume it. */
  readonly #isPaused: () => boolean
  readonly #turns: Turns
  readonly #waits: Record<Wait, number>
  readonly share = new LoopShare(performance.now())
  #waiting = false

  constructor(client: Client, isPaused: () => boolean, turns: Turns, waits: Record<Wait, number>) {
    this.#client = client
    this.#isPaused = isPaused
    this.#turns = turns
    this.#waits = waits
  }

  /** Call it before each packet. If it returns false, reading goes on by itself later. */
  mayParse(isPublish: boolean): boolean {
    const output = outputOf(this.#client)
    // The client leaves our answers unread: they would pile up in memory.
    if (output.writableNeedDrain) {
      this.#wait('output', wake => void output.once('drain', wake))
      return false
    }
    if (this.share.mayParse(isPublish, this.#turns.current, performance.now())) return true
    const { wait, waitMs } = this.share
    if (wait === 'turn') this.#wait(undefined, setImmediate)
    else this.#wait(wait, wake => void setTimeout(wake, Math.min(waitMs, wakeEveryMs)).unref())
    return false
  }

  #wait(why: Wait | undefined, until: (wake: () => void) => void): void {
    pauseReading(this.#client)
    if (this.#waiting) return
    this.#waiting = true
    if (why !== undefined) this.#waits[why]++
    until(() => {
      this.#waiting = false
      if (this.#client.closed) return
      if (why !== undefined && why !== 'output') keepAlive(this.#client)
      if (!this.#isPaused()) resumeReading(this.#client)
    })
  }
}

export type { Throttle }
