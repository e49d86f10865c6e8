import { hourMs, minuteMs } from '../core/clock.ts'

export interface RecentRecords {
  /** Once a minute. */
  sample(): void
  /** Records in the last hour, or since this process began; `forMs` says how long that is. */
  view(): { readonly records: number; readonly forMs: number }
}

/** How many records came lately, from the journal's last position alone. `upMs` runs on whatever becomes of the clock. */
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
      // A journal that was replaced by an older copy counts from there.
      return { records: Math.max(0, end() - first!.end), forMs: Math.round(upMs() - first!.at) }
    },
  }
}

export const sampleEveryMs = minuteMs
