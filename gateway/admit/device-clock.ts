import { minuteMs, secondMs } from '../../core/clock.ts'
import { Latest } from '../../core/latest.ts'
import type { DeviceId } from '../../core/words.ts'
import { backfillLimitMs, futureLimitMs, lateAfterMs, placeInTime, type TimePlace } from './place-in-time.ts'

/** Messages that follow within this time are one delivery, such as a backlog. */
const deliveryGapMs = 10 * secondMs
/** The ages of live messages may differ by this much: time stamps have seconds, and the network takes time. */
const spreadMs = 15 * secondMs
/** This many messages in a row of one age, over this long, come from a clock that is off by that age. The ages of a backlog decrease. */
const steadyMessages = 4
const steadyOverMs = minuteMs
/** A smaller offset is not corrected. */
const leastOffsetMs = 30 * secondMs

/**
 * Compares the clock of one device with ours. The age of a message is the time from its newest event to its receipt. With
 * a right clock, live messages have age 0, and messages after an outage have greater ages, down to 0. With a clock that
 * is behind, live messages have a steady age. With one that is ahead, ages are impossible (negative). The times of the
 * device are corrected by the offset found, so the distances between them stay. docs/wire.md has the table. 40 ns a
 * message.
 */
export class DeviceClock {
  /** Added to the times of the device: the offset learned from live messages, and the offset of this delivery. */
  #steadyMs = 0
  #offsetMs = 0
  /** Messages of one age in a row: the age of the first, the least age, how many, since when. */
  #runMs = Number.NaN
  #leastMs = 0
  #runCount = 0
  #runSince = 0
  #deliveryMs = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #isBacklog = false

  /** Learns from a message, by its newest time. Call it before its events are placed. */
  hear(newestAt: number, receivedAt: number): void {
    const ageMs = receivedAt - newestAt
    const isSteady = this.#runs(ageMs, receivedAt)
    const sinceMs = Math.max(receivedAt - this.#heardAt, receivedAt - this.#runSince)
    this.#heardAt = receivedAt
    const isNew = sinceMs > deliveryGapMs
    if (isNew) {
      this.#deliveryMs = ageMs
      this.#offsetMs = this.#steadyMs
      this.#isBacklog = false
    }
    const isDraining = this.#deliveryMs - ageMs > spreadMs
    if (isSteady) this.#settle(this.#leastMs)
    else if (!isDraining && isNow(ageMs) && !isNow(this.#steadyMs)) this.#settle(0)
    const beyondMs = ageMs - this.#offsetMs
    if (beyondMs < (this.#offsetMs === 0 ? -futureLimitMs : -spreadMs)) {
      // No event comes before it happened. Earlier messages of this delivery were older than they seemed, and so may this one be.
      if (this.#steadyMs > 0) this.#settle(ageMs)
      else this.#offsetMs = ageMs
      this.#isBacklog = isDraining
    } else if (beyondMs > backfillLimitMs || (isNew && ageMs > backfillLimitMs && beyondMs > lateAfterMs)) {
      this.#offsetMs = ageMs
    }
  }

  /** Places an event of the message that was heard last. */
  place(claimedAt: number, receivedAt: number): TimePlace {
    if (this.#offsetMs === 0) return placeInTime(claimedAt, receivedAt)
    const at = Math.min(receivedAt, claimedAt + this.#offsetMs)
    const ageMs = receivedAt - at
    if (ageMs > backfillLimitMs) return { at: receivedAt, late: false, skewed: true }
    return { at, late: this.#isBacklog || ageMs > lateAfterMs, skewed: !isNow(this.#offsetMs) }
  }

  #settle(offsetMs: number): void {
    this.#steadyMs = Math.abs(offsetMs) < leastOffsetMs ? 0 : offsetMs
    this.#offsetMs = this.#steadyMs
  }

  #runs(ageMs: number, receivedAt: number): boolean {
    if (Math.abs(ageMs - this.#runMs) <= spreadMs) {
      this.#runCount++
      this.#leastMs = Math.min(this.#leastMs, ageMs)
      return this.#runCount >= steadyMessages && receivedAt - this.#runSince >= steadyOverMs
    }
    this.#runMs = ageMs
    this.#leastMs = ageMs
    this.#runCount = 1
    this.#runSince = receivedAt
    return false
  }
}

/** Close enough: not worth a mark. */
const isNow = (ageMs: number) => Math.abs(ageMs) <= futureLimitMs

/** Devices whose clocks are remembered; those of others are learned again. */
const knownClocks = 20_000

export class DeviceClocks {
  readonly #clocks = new Latest<DeviceId, DeviceClock>(knownClocks)

  of(device: DeviceId): DeviceClock {
    return this.#clocks.take(device, () => new DeviceClock())
  }
}
