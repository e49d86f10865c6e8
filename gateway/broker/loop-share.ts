import { secondMs } from '../../core/clock.ts'

/** Packets of one connection that are worked off before the others have their turn, and the time they may take. */
const packetsPerTurn = 64
const msPerTurn = 4
/** So much at once, then so much a second. */
interface Rate {
  readonly burst: number
  readonly perS: number
}
const rates = {
  /** Packets that are no PUBLISH. */
  control: { burst: 200, perS: 200 },
  /** Packets that are: a backlog of a month takes a minute, and a fifth of what the service takes of all. */
  messages: { burst: 5000, perS: 5000 },
  /** Of payloads: whoever has the memory of a garbage collector filled up makes it stop everybody, 20 ms at a time. */
  bytes: { burst: 8 << 20, perS: 4 << 20 },
  /** Charge for long stalls. */
  work: { burst: 250, perS: 100 },
} satisfies Record<string, Rate>
/** A gateway speaks for a whole estate. */
const gatewayFactor = 8
/** A stall of this length is charged with what it took. */
const fairStallMs = 2.5
/** One message, however long it took, costs no more than a few seconds. */
const maxCharge = 500

/** Why a connection has to wait: its turn is over, or it has used up what it may have of something. */
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

  /** What was asked for, or more: it is paid for before the next. */
  take(amount: number): void {
    this.#left -= amount
  }

  /** Until there is so much, after `has` said no. */
  waitMs(wanted: number, factor = 1): number {
    return ((wanted - this.#left) * secondMs) / (this.#rate.perS * factor)
  }
}

/**
 * What one connection may take of the loop that all share. Pure: the time and the turn are arguments.
 *
 * A stall of c ms holds up all that arrives meanwhile, by c / 2 in the mean, so it is charged by its square: an array
 * of 500 events (2 ms) costs next to nothing, one message that takes 25 ms uses up a burst of 250.
 */
export class LoopShare {
  #turn = -1
  #packets = 0
  #turnStartedAt = 0
  readonly #control: Bucket
  readonly #messages: Bucket
  readonly #bytes: Bucket
  readonly #work: Bucket
  /** Messages and bytes are so many times as many. */
  #factor = 1
  /** Of the last `mayParse` that said no. */
  wait: LoopWait = 'turn'
  waitMs = 0

  constructor(now: number) {
    this.#control = new Bucket(rates.control, now)
    this.#messages = new Bucket(rates.messages, now)
    this.#bytes = new Bucket(rates.bytes, now)
    this.#work = new Bucket(rates.work, now)
  }

  /** It has proved to be a gateway. */
  isGateway(): void {
    this.#factor = gatewayFactor
  }

  /** Whether the next packet may be parsed now; where not, `wait` and `waitMs` say why and how long to wait. */
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

  /** It will answer with a packet that is no PUBLISH, and may. */
  expectAnswer(): void {
    this.#control.take(-1)
  }

  /** One of its messages had so long a payload. */
  chargeBytes(bytes: number): void {
    this.#bytes.take(bytes)
  }

  /** One of its messages has taken so much time of the loop. */
  charge(ms: number): void {
    this.#work.take(Math.min(maxCharge, (ms * ms) / fairStallMs))
  }

  #hold(wait: LoopWait, ms: number): false {
    this.wait = wait
    this.waitMs = ms
    return false
  }
}
