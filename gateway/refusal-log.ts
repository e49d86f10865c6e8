import type { Clock } from '../core/clock.ts'
import { FaultTally } from '../core/fault-tally.ts'
import type { Logger } from '../core/log.ts'
import type { Refusal } from './broker/broker.ts'
import { LineBudget } from './line-budget.ts'

const kept = 10_000
/** Most refusals of strangers that are kept: anybody can make up any number of names. */
const keptOfStrangers = 1000
const linesPerS = 20
/** True for a reason of our own, such as a full disk: all devices are refused alike, so one line is enough, then a count. */
const isOurs = (code: string) => code.startsWith('JOURNAL_') || code === 'PUBLISH_OVERLOADED'

/**
 * Refused connections and messages, for the operator. All are counted by code, and at most 20 a second are logged, since
 * a refused device comes again. The latest are kept for `lintel device show`, in three separate maps, so that no stranger
 * can wipe or forge what is told of a device: those of devices that had proved their identity; those of clients that
 * claimed to be an enrolled device, such as one with an old token; and all others, by name or address.
 */
export class RefusalLog {
  readonly #own = new Map<string, Refusal>()
  /** One for each enrolled device: their number bounds it. */
  readonly #claims = new Map<string, Refusal>()
  readonly #strangers = new Map<string, Refusal>()
  readonly #isEnrolled: (device: string) => boolean
  readonly counts = new Map<string, number>()
  readonly #log: Logger
  readonly #clock: Clock
  readonly #ours = new FaultTally<Refusal>()
  readonly #budget = new LineBudget(linesPerS)

  constructor(log: Logger, clock: Clock, isEnrolled: (device: string) => boolean = () => false) {
    this.#isEnrolled = isEnrolled
    this.#log = log
    this.#clock = clock
  }

  /** Oldest first. */
  get latest(): Refusal[] {
    const all = [this.#own, this.#claims, this.#strangers].flatMap(pot => [...pot.values()])
    return all.sort((a, b) => a.at - b.at)
  }

  add(refusal: Refusal): void {
    this.#keep(refusal)
    const code = refusal.code ?? 'other'
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1)
    if (isOurs(code)) this.#tellOurs(code, refusal)
    else this.#tellTheirs(refusal)
  }

  #tellTheirs(refusal: Refusal): void {
    const { mayWrite, leftOut } = this.#budget.take(this.#clock())
    if (leftOut > 0) this.#log.warn({ lines: leftOut }, 'refusals were not logged one by one')
    if (mayWrite) this.#log.warn(refusal, 'refused')
    else this.#log.debug(refusal, 'refused')
  }

  #tellOurs(code: string, refusal: Refusal): void {
    const now = this.#clock()
    for (const { text, times } of this.#ours.takeOver(now))
      if (times > 0) this.#log.warn({ code: text.code, times }, 'refused before')
    const times = this.#ours.hear(code, refusal, now)
    if (times === undefined) this.#log.debug(refusal, 'refused')
    else this.#log.warn(times > 1 ? { ...refusal, times } : refusal, 'refused')
  }

  #keep(refusal: Refusal): void {
    const { device, address, claimed } = refusal
    if (device !== undefined && !claimed) put(this.#own, device, refusal, kept)
    else if (device !== undefined && this.#isEnrolled(device))
      put(this.#claims, device, refusal, Number.POSITIVE_INFINITY)
    else put(this.#strangers, device ?? address ?? '', refusal, keptOfStrangers)
  }
}

/** Adds it as the latest of its map; if the map is full, the oldest goes. */
function put(pot: Map<string, Refusal>, who: string, refusal: Refusal, most: number): void {
  pot.delete(who)
  pot.set(who, refusal)
  if (pot.size > most) pot.delete(pot.keys().next().value!)
}
