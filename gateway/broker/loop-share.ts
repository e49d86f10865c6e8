import { secondMs } from '../../core/clock.ts'

/** Most packets of one connection that are handled before the others have their turn; `msPerTurn` bounds their time. */
const packetsPerTurn = 64
const msPerTurn = 4
/** `burst` at once, then `perS` each second. */
interface Rate {
  readonly burst: number
  readonly perS: number
}
const rates = {
  /** Packets other than PUBLISH. */
  control: { burst: 200, perS: 200 },
  /** PUBLISH packets: a backlog of a month takes a minute at this rate, which is a fifth of what the service takes of all. */
  messages: { burst: 5000, perS: 5000 },
  /** Bytes of payloads: a client that fills up the memory of the garbage collector makes it stop everybody, 20 ms at a time. */
  bytes: { burst: 8 << 20, perS: 4 << 20 },
  /** The charge for long stalls. */
  work: { burst: 250, perS: 100 },
} satisfies Record<string, Rate>
/** The factor for a gateway, which speaks for a whole estate. */
const gatewayFactor = 8
/** A stall of this length is charged with the time it took. */
const fairStallMs = 2.5
/** Most that one message is charged: however long it took, it costs no more than a few seconds. */
const maxCharge = 500

/** The reason why a connection has to wait: its turn is over, or it has used up one of its rates. */
export type LoopWait = 'turn' | keyof typeof rates

class Bucket {
  readonly #rate: Rate
  #left: number
  #filledAt: number

  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#left = rate.burst
    this.#filledAt = now
  }

  has(wanted: number, now: number, factor = 1): boolean {
    const { burst, perS } = this.#rate
    const come = ((now - this.#filledAt) * perS * factor) / secondMs
    this.#left = Math.min(burst * factor, this.#left + come)
    this.#filledAt = now
    return this.#left >= wanted
  }

  /** Takes the amount even if there is less: the debt is paid before the next. */
  take(amount: number): void {
    this.#left -= amount
  }

  /** The ms until there is so much, after `has` returned false. */
  waitMs(wanted: number, factor = 1): number {
    return ((wanted - this.#left) * secondMs) / (this.#rate.perS * factor)
  }
}

/**
 * The share that one connection may take of the common loop. Pure: the time and the turn are arguments.
 *
 * A stall of c ms holds up all that arrives meanwhile, by c / 2 on average, so it is charged by its square: an array of
 * 500 events (2 ms) costs next to nothing, one message that takes 25 ms uses up a burst of 250.
 */
export class LoopShare {
  #turn = -1
  #packets = 0
  #turnStartedAt = 0
  readonly #control: Bucket
  readonly #messages: Bucket
  readonly #bytes: Bucket
  readonly #work: Bucket
  /** Multiplies the rates of messages and bytes. */
  #factor = 1
  /** Set by the last `mayParse` that returned false. */
  wait: LoopWait = 'turn'
  waitMs = 0

  constructor(now: number) {
    this.#control = new Bucket(rates.control, now)
    this.#messages = new Bucket(rates.messages, now)
    this.#bytes = new Bucket(rates.bytes, now)
    this.#work = new Bucket(rates.work, now)
  }

  /** Call it when the connection has proved to be a gateway. */
  isGateway(): void {
    this.#factor = gatewayFactor
  }

  /** True if the next packet may be parsed now; if not, `wait` and `waitMs` say why and how long to wait. */
  mayParse(isPublish: boolean, turn: number, now: number): boolean {
    if (turn !== this.#turn) {
      this.#turn = turn
      this.#packets = 0
      this.#turnStartedAt = now
    }
    if (this.#packets >= packetsPerTurn || now - this.#turnStartedAt > msPerTurn) return this.#hold('turn', 0)
    if (!this.#work.has(0, now)) return this.#hold('work', this.#work.waitMs(0))
    if (!this.#bytes.has(0, now, this.#factor))
      return this.#hold('bytes', this.#bytes.waitMs(0, this.#factor))
    if (isPublish) {
      if (!this.#messages.has(1, now, this.#factor))
        return this.#hold('messages', this.#messages.waitMs(1, this.#factor))
      this.#messages.take(1)
    } else {
      if (!this.#control.has(1, now)) return this.#hold('control', this.#control.waitMs(1))
      this.#control.take(1)
    }
    this.#packets++
    return true
  }

  /** Allows one more packet other than PUBLISH: the client will answer with it. */
  expectAnswer(): void {
    this.#control.take(-1)
  }

  /** Charges the payload of one of its messages. */
  chargeBytes(bytes: number): void {
    this.#bytes.take(bytes)
  }

  /** Charges the time of the loop that one of its messages has taken. */
  charge(ms: number): void {
    this.#work.take(Math.min(maxCharge, (ms * ms) / fairStallMs))
  }

  #hold(wait: LoopWait, ms: number): false {
    this.wait = wait
    this.waitMs = ms
    return false
  }
}
