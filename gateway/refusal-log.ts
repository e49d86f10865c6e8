import { type Clock, secondMs } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import type { Refusal } from './broker/broker.ts'

const kept = 200
const linesPerS = 20

/**
 * What was turned away, for the operator: the latest are kept for `lintel device show`, all are
 * counted by code, and at most 20 a second are logged, since a device that is refused comes again.
 */
export class RefusalLog {
  readonly latest: Refusal[] = []
  readonly counts = new Map<string, number>()
  readonly #log: Logger
  readonly #clock: Clock
  #second = 0
  #lines = 0

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  add(refusal: Refusal): void {
    this.latest.push(refusal)
    if (this.latest.length > kept) this.latest.shift()
    const code = refusal.code ?? 'other'
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1)
    const second = Math.floor(this.#clock() / secondMs)
    if (second !== this.#second) {
      if (this.#lines > linesPerS)
        this.#log.warn({ lines: this.#lines - linesPerS }, 'refusals were not logged one by one')
      this.#second = second
      this.#lines = 0
    }
    if (this.#lines++ < linesPerS) this.#log.warn(refusal, 'refused')
  }
}
