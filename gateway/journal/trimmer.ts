import { type Clock, secondMs } from '../../core/clock.ts'
import type { CursorReader } from '../../core/cursors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { Journal } from './journal.ts'

export interface TrimmerOptions {
  /** A record is freed only when all of these are done with it. */
  readonly consumers: readonly string[]
  /** A record stays at least this long, to rebuild a lost store from. */
  readonly retainMs: number
  readonly maxBytes: number
}

export interface TrimmerParts {
  journal: Journal
  cursors: CursorReader
  clock: Clock
  /** False while the clock is in doubt: then nothing is freed because of its age. */
  mayDelete?: () => boolean
  onFault: (error: unknown) => void
}

const everyMs = 5 * secondMs

/** Frees the records that every consumer is done with; sooner than `retainMs` only when the journal is half full or refuses appends. */
export function createTrimmer(
  { consumers, retainMs, maxBytes }: TrimmerOptions,
  { journal, cursors, clock, mayDelete = () => true, onFault }: TrimmerParts,
): Part {
  let timer: NodeJS.Timeout | undefined
  let trimming: Promise<unknown> = Promise.resolve()

  const trim = async () => {
    if (consumers.length === 0) return
    const behind = Math.min(...consumers.map(consumer => cursors.get(consumer)))
    const { bytes, refusing } = journal.stats()
    const pressed = refusing !== undefined || bytes > maxBytes / 2
    if (!pressed && !mayDelete()) return
    await journal.trim(behind, pressed ? Number.POSITIVE_INFINITY : clock() - retainMs)
  }

  return {
    name: 'trimmer',
    async start() {
      timer = setInterval(() => {
        trimming = trimming.then(trim).catch(onFault)
      }, everyMs)
    },
    async stop() {
      clearInterval(timer)
      await trimming
    },
  }
}
