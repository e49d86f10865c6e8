import { hourMs, minuteMs } from '../core/clock.ts'

export interface RecentRecords {
  /** Call once a minute. */
  sample(): void
  /** Records in the last hour, or since this process began; `forMs` is the length of that period. */
  view(): { readonly records: number; readonly forMs: number }
}

/** Number of recent records, derived only from the journal's last position. `upMs` keeps running even if the clock is set. */
export function createRecentRecords(end: () => number, upMs: () => number): RecentRecords {
  const samples = [{ at: upMs(), end: end() }]
  return {
    sample() {
      const now = upMs()
      samples.push({ at: now, end: end() })
      while (samples.length > 1 && now - samples[1]!.at >= hourMs) samples.shift()
    },
    view() {
      const [first] = samples
      // Not below 0: the journal may have been replaced by an older copy.
      return { records: Math.max(0, end() - first!.end), forMs: Math.round(upMs() - first!.at) }
    },
  }
}

export const sampleEveryMs = minuteMs
