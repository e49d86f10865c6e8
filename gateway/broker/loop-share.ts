/** Packets of one connection that are worked off before the others have their turn, and the time they may take. */
const packetsPerTurn = 64
const msPerTurn = 4
/** Packets that are no PUBLISH: so many at once, then so many a second. */
const controlBurst = 200
const controlPerS = 200
/** Of the charge for long stalls: so much at once, then so much a second. */
const stallBurst = 250
const stallPerS = 100
/** A stall of this length is charged with what it took. */
const fairStallMs = 2.5
/** One message, however long it took, costs no more than a few seconds. */
const maxCharge = 500

/** Why a connection has to wait: its turn is over, it sends too many control packets, or its messages take too long. */
export type LoopWait = 'turn' | 'control' | 'work'

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
  #control = controlBurst
  #controlAt: number
  #stall = stallBurst
  #stallAt: number
  /** Of the last `mayParse` that said no. */
  wait: LoopWait = 'turn'
  waitMs = 0

  constructor(now: number) {
    this.#controlAt = now
    this.#stallAt = now
  }

  /** Whether the next packet may be parsed now; where not, `wait` and `waitMs` say why and how long to wait. */
  mayParse(isPublish: boolean, turn: number, now: number): boolean {
    if (turn !== this.#turn) {
      this.#turn = turn
      this.#packets = 0
      this.#turnStartedAt = now
    }
    if (this.#packets >= packetsPerTurn || now - this.#turnStartedAt > msPerTurn) return this.#hold('turn', 0)
    if (this.#stall < 0) {
      this.#stall = Math.min(stallBurst, this.#stall + ((now - this.#stallAt) * stallPerS) / 1000)
      this.#stallAt = now
      if (this.#stall < 0) return this.#hold('work', (-this.#stall * 1000) / stallPerS)
    }
    if (!isPublish) {
      this.#control = Math.min(controlBurst, this.#control + ((now - this.#controlAt) * controlPerS) / 1000)
      this.#controlAt = now
      if (this.#control < 1) return this.#hold('control', ((1 - this.#control) * 1000) / controlPerS)
      this.#control--
    }
    this.#packets++
    return true
  }

  /** It will answer with a packet that is no PUBLISH, and may. */
  expectAnswer(): void {
    this.#control = Math.min(controlBurst, this.#control + 1)
  }

  /** One of its messages has taken so much time of the loop. */
  charge(ms: number, now: number): void {
    this.#stall = Math.min(stallBurst, this.#stall + ((now - this.#stallAt) * stallPerS) / 1000)
    this.#stallAt = now
    this.#stall -= Math.min(maxCharge, (ms * ms) / fairStallMs)
  }

  #hold(wait: LoopWait, ms: number): false {
    this.wait = wait
    this.waitMs = ms
    return false
  }
}
