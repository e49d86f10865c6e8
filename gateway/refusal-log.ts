import { type Clock, secondMs } from '../core/clock.ts'
import { FaultTally } from '../core/fault-tally.ts'
import type { Logger } from '../core/log.ts'
import type { Refusal } from './broker/broker.ts'

const kept = 10_000
const linesPerS = 20
/** For a reason of our own, such as a full disk, all devices are refused alike: one line is enough, then a count. */
const isOurs = (code: string) => code.startsWith('JOURNAL_') || code === 'PUBLISH_OVERLOADED'

/**
 * What was turned away, for the operator: the latest of each device (or address, where it did not say who it
 * is) is kept for `lintel device show`, all are counted by code, and at most 20 a second are logged, since a device that is refused comes again.
 */
export class RefusalLog {
  readonly #latest = new Map<string, Refusal>()
  readonly counts = new Map<string, number>()
  readonly #log: Logger
  readonly #clock: Clock
  readonly #ours = new FaultTally<Refusal>()
  #second = 0
  #lines = 0

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Oldest first. */
  get latest(): Refusal[] {
    return [...this.#latest.values()]
  }

  add(refusal: Refusal): void {
    const who = refusal.device ?? refusal.address ?? ''
    this.#latest.delete(who)
    this.#latest.set(who, refusal)
    if (this.#latest.size > kept) this.#latest.delete(this.#latest.keys().next().value!)
    const code = refusal.code ?? 'other'
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1)
    if (isOurs(code)) this.#tellOurs(code, refusal)
    else this.#tellTheirs(refusal)
  }

  #tellTheirs(refusal: Refusal): void {
    const second = Math.floor(this.#clock() / secondMs)
    if (second !== this.#second) {
      if (this.#lines > linesPerS)
        this.#log.warn({ lines: this.#lines - linesPerS }, 'refusals were not logged one by one')
      this.#second = second
      this.#lines = 0
    }
    if (this.#lines++ < linesPerS) this.#log.warn(refusal, 'refused')
  }

  #tellOurs(code: string, refusal: Refusal): void {
    const now = this.#clock()
    for (const { text, times } of this.#ours.takeOver(now))
      if (times > 0) this.#log.warn({ code: text.code, times }, 'refused before')
    const times = this.#ours.hear(code, refusal, now)
    if (times !== undefined) this.#log.warn(times > 1 ? { ...refusal, times } : refusal, 'refused')
  }
}
