import { secondMs } from './clock.ts'

/** Upper bounds of the buckets, in seconds: from a fast disk's commit to a minute. */
export const durationBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

/** Durations counted by bucket, for a histogram. `observe` takes about 10 ns. */
export class Durations {
  readonly #counts = new Float64Array(durationBuckets.length + 1)
  #sum = 0

  observe(ms: number): void {
    const seconds = Math.max(0, ms) / secondMs
    let bucket = 0
    while (bucket < durationBuckets.length && seconds > durationBuckets[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += seconds
  }

  /** In seconds. */
  get sum(): number {
    return this.#sum
  }

  /** The number of durations up to each bound, and the number of all. */
  cumulative(): { readonly upTo: readonly number[]; readonly count: number } {
    let count = 0
    const sums = Array.from(this.#counts, n => (count += n))
    return { upTo: sums.slice(0, -1), count }
  }
}
