import type { Clock } from '../../core/clock.ts'
import type { Journal, JournalReader } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'

export interface HeldJournal extends Journal, JournalReader {
  /** Commits wait from now on. */
  hold(): void
  /** Lets those that wait go on, the first `count` of them, and holds the rest. */
  letGo(count?: number): void
  /** Appends fail from now on, until it is called without an error. */
  failWith(error?: Error): void
  waiting(): number
  /** The most that ever waited at once. */
  peak(): number
}

/** A memory journal with a disk that stalls and fails when told to. */
export function createHeldJournal(clock: Clock): HeldJournal {
  const inner = createMemoryJournal(clock)
  let held = false
  let failure: Error | undefined
  let peak = 0
  const waiting: (() => void)[] = []
  return {
    ...inner,
    append(device, items, lane = 'event') {
      if (failure !== undefined) {
        inner.note(device, lane, { refused: items.length })
        return Promise.reject(failure)
      }
      if (!held) return inner.append(device, items, lane)
      const commit = Promise.withResolvers<void>()
      waiting.push(commit.resolve)
      peak = Math.max(peak, waiting.length)
      return commit.promise.then(() => inner.append(device, items, lane))
    },
    hold() {
      held = true
    },
    letGo(count = Number.POSITIVE_INFINITY) {
      if (count === Number.POSITIVE_INFINITY) held = false
      for (const go of waiting.splice(0, Math.min(count, waiting.length))) go()
    },
    failWith(error) {
      failure = error
    },
    waiting: () => waiting.length,
    peak: () => peak,
  }
}
