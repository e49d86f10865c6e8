import type { Clock } from '../../core/clock.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'

/** What a device is told on its command topic. docs/wire.md shows each. */
export type Command =
  | { readonly type: 'time'; readonly now: string }
  | { readonly type: 'refusal'; readonly code: ErrorCode; readonly reason: string; readonly id?: string }
  | {
      readonly type: 'notice'
      readonly code: ErrorCode
      readonly reason: string
      readonly members?: readonly string[]
    }

const burst = 20
const refillMs = secondMs
const timeEveryMs = minuteMs
const noticeEveryMs = 10 * minuteMs

/**
 * Answers to one device, so that its maker learns what is wrong while it matters. A device that sends
 * nothing but rubbish gets 20 answers, then one a second: what is held back is counted, not queued.
 */
export class Feedback {
  readonly #send: (command: Command) => void
  readonly #clock: Clock
  #tokens = burst
  #refilledAt: number
  #timeSentAt = Number.NEGATIVE_INFINITY
  #noticeSentAt = Number.NEGATIVE_INFINITY
  heldBack = 0

  constructor(send: (command: Command) => void, clock: Clock) {
    this.#send = send
    this.#clock = clock
    this.#refilledAt = clock()
  }

  refuse(code: ErrorCode, reason: string, id?: string): void {
    this.#spend({ type: 'refusal', code, reason, ...(id === undefined ? {} : { id }) })
  }

  /** Members that were cut because they speak of a person. */
  cut(members: readonly string[]): void {
    if (this.#clock() - this.#noticeSentAt < noticeEveryMs) return
    this.#noticeSentAt = this.#clock()
    const reason =
      'these members speak of a person; they were cut before anything was stored: stop sending them'
    this.#spend({ type: 'notice', code: 'EVENT_PERSONAL_MEMBER', reason, members })
  }

  /** The right time, to a device whose clock is wrong or that has just subscribed. */
  tellTime(): void {
    const now = this.#clock()
    if (now - this.#timeSentAt < timeEveryMs) return
    this.#timeSentAt = now
    this.#spend({ type: 'time', now: formatRfc3339(now) })
  }

  #spend(command: Command): void {
    const now = this.#clock()
    const refill = Math.floor((now - this.#refilledAt) / refillMs)
    if (refill > 0) {
      this.#tokens = Math.min(burst, this.#tokens + refill)
      this.#refilledAt = now
    }
    if (this.#tokens <= 0) {
      this.heldBack++
      return
    }
    this.#tokens--
    this.#send(command)
  }
}
