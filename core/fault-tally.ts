import { minuteMs, secondMs } from './clock.ts'

/** After it was told for the nth time, a fault is only counted for so long. */
const pausesMs = [10 * secondMs, minuteMs, 10 * minuteMs]
/** One that has not come for so long is over, and is told at once when it comes again. */
const overAfterMs = minuteMs
const maxCauses = 200

interface Entry<T> {
  text: T
  tells: number
  toldAt: number
  lastAt: number
  /** Since it was told. */
  times: number
}

/**
 * Decides which of many faults are told: one line when a cause is new, then counts with growing pauses, so that a
 * disk that fails twice a second does not fill the log (and the disk that the log is on). Pure: time is an argument.
 */
export class FaultTally<T> {
  readonly #causes = new Map<string, Entry<T>>()

  /** How often it has come since it was last told; undefined where it is only counted. */
  hear(cause: string, text: T, now: number): number | undefined {
    const entry = this.#causes.get(cause)
    if (entry === undefined) {
      const [oldest] = this.#causes.size >= maxCauses ? this.#causes.keys() : []
      if (oldest !== undefined) this.#causes.delete(oldest)
      this.#causes.set(cause, { text, tells: 1, toldAt: now, lastAt: now, times: 0 })
      return 1
    }
    entry.times++
    entry.lastAt = now
    entry.text = text
    const pause = pausesMs[Math.min(entry.tells, pausesMs.length) - 1]!
    if (Math.abs(now - entry.toldAt) < pause) return undefined
    const { times } = entry
    Object.assign(entry, { tells: entry.tells + 1, toldAt: now, times: 0 })
    return times
  }

  /** Takes out those that are over: each with how often it came since it was last told. */
  takeOver(now: number): { text: T; times: number }[] {
    const over = [...this.#causes].filter(([, { lastAt }]) => Math.abs(now - lastAt) >= overAfterMs)
    for (const [cause] of over) this.#causes.delete(cause)
    return over.map(([, { text, times }]) => ({ text, times }))
  }
}
