import { minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'

/** One that comes back over a bad network takes over from itself now and then; more often than this it is two. */
const fightTimes = 5
const withinMs = minuteMs
/** Told so often of one device. */
const tellEveryMs = 10 * minuteMs

interface Course {
  /** When it was taken over, the latest `fightTimes` of them. */
  readonly at: readonly number[]
  readonly toldAt: number
}

/**
 * Connections of one identity that throw each other out. Of each enrolled device that was ever taken over a few numbers
 * are kept, so their number bounds it.
 */
export class Takeovers {
  readonly #courses = new Map<DeviceId, Course>()

  /** Each time that a connection takes over from another: what to tell the operator, once in ten minutes while it goes on. */
  note(
    device: DeviceId,
    before: string | undefined,
    next: string | undefined,
    now: number,
  ): LintelError | undefined {
    const { at, toldAt } = this.#courses.get(device) ?? { at: [], toldAt: Number.NEGATIVE_INFINITY }
    const latest = [...at, now].slice(-fightTimes)
    const isFight = latest.length === fightTimes && Math.abs(now - latest[0]!) <= withinMs
    // A clock that was set back silences nothing.
    const isTold = now >= toldAt && now - toldAt < tellEveryMs
    const tells = isFight && !isTold
    this.#courses.set(device, { at: latest, toldAt: tells ? now : toldAt })
    if (!tells) return undefined
    const from = before === next ? `both from ${next}` : `from ${before} and ${next}`
    return new LintelError(
      'CONNECT_TAKEN_OVER',
      `${fightTimes} times within a minute a connection of ${device} took over from another, ${from}: give each device an id and a token of its own`,
    )
  }
}
