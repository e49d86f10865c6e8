import { minuteMs, secondMs } from './clock.ts'

/** After the nth report of a fault, it is only counted for this long. */
const pausesMs = [10 * secondMs, minuteMs, 10 * minuteMs]
/** A fault that has not occurred for this long is over: its next occurrence is reported at once. */
const overAfterMs = minuteMs
const maxCauses = 200

interface Entry<T> {
  text: T
  tells: number
  toldAt: number
  lastAt: number
  /** Occurrences since the last report. */
  times: number
}

/**
 * Decides which of many faults are reported: one line when a cause is new, then counts with growing pauses, so that a
 * disk that fails twice a second does not fill the log (and the disk that the log is on). Pure: time is an argument.
 */
export class FaultTally<T> {
  readonly #causes = new Map<string, Entry<T>>()

  /** Occurrences since the last report, if the fault is to be reported now; undefined if it is only counted. */
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

  /** Removes the faults that are over, and returns each with its occurrences since the last report. */
  takeOver(now: number): { text: T; times: number }[] {
    const over = [...this.#causes].filter(([, { lastAt }]) => Math.abs(now - lastAt) >= overAfterMs)
    for (const [cause] of over) this.#causes.delete(cause)
    return over.map(([, { text, times }]) => ({ text, times }))
  }
}
