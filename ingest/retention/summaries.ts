import { setTimeout } from 'node:timers/promises'
import { type Clock, dayMs, minuteMs } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Summaries } from '../store/store.ts'

export interface SummaryParts {
  readonly summaries: Pick<Summaries, 'update' | 'expire'>
  /** How long sums are kept; forever if left out. */
  readonly days: number | undefined
  readonly clock: Clock
  /** False while the clock is in doubt: then nothing is deleted. */
  readonly mayDelete?: () => boolean
  readonly onFault: (error: unknown) => void
}

/** Pause between summing two days: other writes wait for one day at most. */
const pauseMs = 200

/** Updates the sums every five minutes, day by day until nothing is left to do. */
export function createSummaryKeeper(
  { summaries, days, clock, mayDelete = () => true, onFault }: SummaryParts,
  { everyMs = 5 * minuteMs } = {},
): Part {
  const closing = new AbortController()
  const { signal } = closing
  const pause = (ms: number) => setTimeout(ms, undefined, { signal }).catch(() => {})
  let loop: Promise<void> = Promise.resolve()

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        while (!signal.aborted && (await summaries.update()) > 0) await pause(pauseMs)
        if (days !== undefined && !signal.aborted && mayDelete())
          await summaries.expire(clock() - days * dayMs)
      } catch (error) {
        onFault(error)
      }
      await pause(everyMs)
    }
  }

  return {
    name: 'summaries',
    async start() {
      loop = run()
    },
    async stop() {
      closing.abort()
      await loop
    },
  }
}
