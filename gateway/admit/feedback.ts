import type { Clock } from '../../core/clock.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Opening } from '../../core/history.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId, Seq } from '../../core/words.ts'

/** A command to a device, on its command topic. docs/wire.md shows each. */
export type Command =
  | { readonly type: 'time'; readonly now: string }
  | {
      readonly type: 'refusal'
      readonly code: ErrorCode
      readonly reason: string
      readonly id?: string
      /** To a gateway: the device that this is about. */
      readonly device?: DeviceId
    }
  | {
      readonly type: 'notice'
      readonly code: ErrorCode
      readonly reason: string
      readonly members?: readonly string[]
      readonly id?: string
      readonly device?: DeviceId
    }
  /** To a gateway: lets it check whether we still have what we acked. */
  | {
      readonly type: 'journal'
      readonly id: string
      readonly run: string
      readonly end: Seq
      readonly openings: readonly Opening[]
    }

/** The answers of admission to the sender of a message. */
export interface Answers {
  refuse(code: ErrorCode, reason: string, id?: string): void
  cut(members: readonly string[]): void
  mended(members: readonly string[]): void
  pictureInEvent(id: string): void
  again(as: 'reused' | 'restamped', id: string): void
  tellTime(): void
}

const againReasons = {
  reused:
    'this id was used for another event: both are stored, but their pictures cannot be told apart; give each event an id of its own for ever',
  restamped:
    'this event was stored before with another time: it counts once; send an event again as it was, and give each an id of its own for ever',
}

const burst = 20
const refillMs = secondMs
const timeEveryMs = minuteMs
const noticeEveryMs = 10 * minuteMs

/**
 * Answers to one device, so that its maker learns what is wrong while it matters. A device that sends nothing but rubbish
 * gets 20 answers, then one a second; answers that are held back are counted, not queued.
 */
export class Feedback implements Answers {
  readonly #send: (command: Command) => void
  readonly #clock: Clock
  readonly #isTimeSure: () => boolean
  #tokens = burst
  #refilledAt: number
  #timeSentAt = Number.NEGATIVE_INFINITY
  readonly #noticeSentAt = new Map<ErrorCode, number>()
  heldBack = 0

  constructor(send: (command: Command) => void, clock: Clock, isTimeSure = () => true) {
    this.#send = send
    this.#clock = clock
    this.#isTimeSure = isTimeSure
    this.#refilledAt = clock()
  }

  refuse(code: ErrorCode, reason: string, id?: string, device?: DeviceId): void {
    this.#spend({ type: 'refusal', code, reason, ...ifKnown({ id, device }) })
  }

  /** Answers to a gateway about one of its devices: they have the same limits, and each names the device. */
  about(device: DeviceId): Answers {
    return {
      refuse: (code, reason, id) => this.refuse(code, reason, id, device),
      cut: members => this.cut(members, device),
      mended: members => this.mended(members, device),
      pictureInEvent: id => this.pictureInEvent(id, device),
      again: (as, id) => this.again(as, id, device),
      tellTime: () => this.tellTime(),
    }
  }

  /** Members about a person were cut. `members` has names as `shownName` writes them, since a name can be data, too. */
  cut(members: readonly string[], device?: DeviceId): void {
    const reason =
      'these members speak of a person; they were cut before anything was stored: stop sending them'
    this.#notice('EVENT_PERSONAL_MEMBER', reason, { members, device })
  }

  /** Members broke the contract; the rest was kept. */
  mended(members: readonly string[], device?: DeviceId): void {
    const reason =
      'these members are not as the contract says: they were left out, or read as what they can only mean; the rest was kept'
    this.#notice('EVENT_MEMBER_INVALID', reason, { members, device })
  }

  /** A picture was written as text into a member of an event. */
  pictureInEvent(id: string, device?: DeviceId): void {
    const reason =
      'a picture in the JSON of an event is not kept: send the bytes of the JPEG on lintel/v1/{device}/snapshot/{eventId}'
    this.#notice('EVENT_PICTURE_EMBEDDED', reason, { id, device })
  }

  /** An id came again with a different event. */
  again(as: 'reused' | 'restamped', id: string, device?: DeviceId): void {
    this.#notice('EVENT_ID_REUSED', againReasons[as], { id, device })
  }

  #notice(
    code: ErrorCode,
    reason: string,
    about: { members?: readonly string[]; id?: string; device: DeviceId | undefined },
  ): void {
    const now = this.#clock()
    if (isWithin(noticeEveryMs, this.#noticeSentAt.get(code) ?? Number.NEGATIVE_INFINITY, now)) return
    if (this.#spend({ type: 'notice', code, reason, ...ifKnown(about) })) this.#noticeSentAt.set(code, now)
  }

  /** Sends the right time to a device whose clock is wrong or that has just subscribed. Sends nothing while our own clock is in doubt. */
  tellTime(): void {
    if (!this.#isTimeSure()) return
    const now = this.#clock()
    if (isWithin(timeEveryMs, this.#timeSentAt, now)) return
    if (this.#spend({ type: 'time', now: formatRfc3339(now) })) this.#timeSentAt = now
  }

  /** False if the command was held back. */
  #spend(command: Command): boolean {
    const now = this.#clock()
    // A clock that was set back must not silence a device until it has caught up.
    if (now < this.#refilledAt) this.#refilledAt = now
    const refill = Math.floor((now - this.#refilledAt) / refillMs)
    this.#tokens = Math.min(burst, this.#tokens + refill)
    this.#refilledAt += refill * refillMs
    if (this.#tokens <= 0) {
      this.heldBack++
      return false
    }
    this.#tokens--
    this.#send(command)
    return true
  }
}

const ifKnown = <T extends object>(members: T) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

const isWithin = (ms: number, since: number, now: number) => now >= since && now - since < ms
