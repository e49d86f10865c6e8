import { minuteMs, secondMs } from '../../core/clock.ts'
import { Latest } from '../../core/latest.ts'
import type { DeviceId } from '../../core/words.ts'
import { backfillLimitMs, futureLimitMs, lateAfterMs, placeInTime, type TimePlace } from './place-in-time.ts'

/** Messages that follow so soon are one delivery, such as a backlog. */
const deliveryGapMs = 10 * secondMs
/** How far the ages of what arrives live may lie apart: seconds in a time stamp, and the network. */
const spreadMs = 15 * secondMs
/** So many messages in a row of one age, over so long, come from a clock that is off by it. A backlog gets younger. */
const steadyMessages = 4
const steadyOverMs = minuteMs
/** An offset below that is left as it is. */
const leastOffsetMs = 30 * secondMs

/**
 * How the clock of one device compares with ours. The age of a message is the time from what its newest event says to its
 * receipt. A clock that is right gives live messages of age 0, and older ones after an outage, down to 0; one that is
 * behind gives live messages of a steady age; one that is ahead gives ages that cannot be. The offset found is
 * taken out of what the device says, so distances stay as they were. docs/wire.md has the table. 40 ns a message.
 */
export class DeviceClock {
  /** Added to the times of the device: as known from what arrived live, and for this delivery. */
  #steadyMs = 0
  #offsetMs = 0
  /** Messages of one age in a row: the first's and the least age, how many, since when. */
  #runMs = Number.NaN
  #leastMs = 0
  #runCount = 0
  #runSince = 0
  #deliveryMs = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #isBacklog = false

  /** Learns from a message, by the newest time that it gives. To be called before its events are placed. */
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
      // Nothing comes before it happened. What came before it in the same delivery was older than it seemed, and so may this be.
      if (this.#steadyMs > 0) this.#settle(ageMs)
      else this.#offsetMs = ageMs
      this.#isBacklog = isDraining
    } else if (beyondMs > backfillLimitMs || (isNew && ageMs > backfillLimitMs && beyondMs > lateAfterMs)) {
      this.#offsetMs = ageMs
    }
  }

  /** When an event of the message that was heard last happened. */
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

/** As good as right: not worth a mark. */
const isNow = (ageMs: number) => Math.abs(ageMs) <= futureLimitMs

/** Devices of which it is remembered; those of the rest are learned anew. */
const knownClocks = 20_000

export class DeviceClocks {
  readonly #clocks = new Latest<DeviceId, DeviceClock>(knownClocks)

  of(device: DeviceId): DeviceClock {
    return this.#clocks.take(device, () => new DeviceClock())
  }
}
