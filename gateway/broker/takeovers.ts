import { minuteMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'

/** A device on a bad network takes over from itself now and then; if it happens this often within a minute, it is two devices. */
const fightTimes = 5
const withinMs = minuteMs
/** The interval of reports about one device. */
const tellEveryMs = 10 * minuteMs

interface Course {
  /** The times of its latest takeovers, `fightTimes` at most. */
  readonly at: readonly number[]
  readonly toldAt: number
}

/**
 * Detects connections of one identity that throw each other out. A few numbers are kept for each enrolled device that was
 * ever taken over, so the number of devices bounds them.
 */
export class Takeovers {
  readonly #courses = new Map<DeviceId, Course>()

  /** Call it each time a connection takes over from another. Returns what to tell the operator, once in ten minutes while it goes on. */
  note(
    device: DeviceId,
    before: string | undefined,
    next: string | undefined,
    now: number,
  ): LintelError | undefined {
    const { at, toldAt } = this.#courses.get(device) ?? { at: [], toldAt: Number.NEGATIVE_INFINITY }
    const latest = [...at, now].slice(-fightTimes)
    const isFight = latest.length === fightTimes && Math.abs(now - latest[0]!) <= withinMs
    // A clock that was set back must not silence it.
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
