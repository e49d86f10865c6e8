import type { Clock } from '../core/clock.ts'
import { FaultTally } from '../core/fault-tally.ts'
import type { Logger } from '../core/log.ts'
import type { Refusal } from './broker/broker.ts'
import { LineBudget } from './line-budget.ts'

const kept = 10_000
/** Of those who are no device of ours: anybody can make up as many names as he likes. */
const keptOfStrangers = 1000
const linesPerS = 20
/** For a reason of our own, such as a full disk, all devices are refused alike: one line is enough, then a count. */
const isOurs = (code: string) => code.startsWith('JOURNAL_') || code === 'PUBLISH_OVERLOADED'

/**
 * What was turned away, for the operator: all are counted by code, and at most 20 a second are logged, since a device
 * that is refused comes again. The latest are kept for `lintel device show`, apart for each of three, so that no
 * stranger can wipe or forge what is told of a device: what a device did that had proved who it is; what somebody did
 * who called himself an enrolled device, as one with an old token does; and all else, by name or address.
 */
export class RefusalLog {
  readonly #own = new Map<string, Refusal>()
  /** One each for the devices that are enrolled: their number bounds it. */
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

/** As the latest of its pot, whose oldest goes where it is full. */
function put(pot: Map<string, Refusal>, who: string, refusal: Refusal, most: number): void {
  pot.delete(who)
  pot.set(who, refusal)
  if (pot.size > most) pot.delete(pot.keys().next().value!)
}
