import { type Backoff, backoffMs } from '../../core/backoff.ts'

export interface BatcherParts {
  readonly random: () => number
  readonly onFault: (error: unknown) => void
  readonly retry?: Backoff
  /** Waits this long for more items after a hand-over; not at all by default. */
  readonly paceMs?: number
}

/**
 * Hands items over in batches: items that come while a hand-over is under way go with the next. A hand-over that fails is
 * tried again until it succeeds. Its callers wait, and that bounds the queue: the pictures in hand.
 */
export function createBatcher<T>(
  handOver: (batch: readonly T[]) => Promise<void>,
  { random, onFault, paceMs = 0, retry = { firstMs: 50, maxMs: 5000 } }: BatcherParts,
): (item: T) => Promise<void> {
  let waiting: { item: T; done: () => void }[] = []
  let busy = false

  async function run(): Promise<void> {
    busy = true
    let failures = 0
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await handOver(batch.map(({ item }) => item))
        failures = 0
        for (const { done } of batch) done()
        if (paceMs > 0) await new Promise(resolve => setTimeout(resolve, paceMs))
      } catch (error) {
        waiting = [...batch, ...waiting]
        onFault(error)
        await new Promise(resolve => setTimeout(resolve, backoffMs(++failures, retry, random())))
      }
    }
    busy = false
  }

  return item =>
    new Promise(done => {
      waiting.push({ item, done })
      if (!busy) void run()
    })
}
