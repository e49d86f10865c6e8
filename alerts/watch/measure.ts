import { statfs } from 'node:fs/promises'
import { type Clock, secondMs } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { IntakeStats } from '../../ingest/intake/intake-stats.ts'
import type { Gauge, GaugeName } from '../rules/gauge.ts'

export interface MeasureParts {
  readonly journal: JournalReader
  readonly intake: { stats(): IntakeStats }
  /** Free share of the disk that holds the data. */
  readonly freeShare: () => Promise<number>
  /** How long the clock has been in doubt while the machine ran; 0 if it is certain. */
  readonly doubtMs?: () => number
  /** Number of deletions that wait for confirmation. */
  readonly heldDeletions?: () => number
  readonly clock: Clock
  onFault(error: unknown): void
}

const everyMs = 5 * secondMs

/** Free share of the disk a directory is on, for users other than its administrator. */
export async function freeShareOf(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory)
  return blocks === 0 ? 1 : bavail / blocks
}

/** Measures the service itself: how long records wait for the store, how long the store has been failing, how much of the disk is free. */
export function createMeasure(parts: MeasureParts): Part & {
  /** Measurements since the last call. */
  take(): readonly Gauge[]
} {
  const { journal, intake, freeShare, doubtMs = () => 0, heldDeletions = () => 0, clock, onFault } = parts
  let timer: NodeJS.Timeout | undefined
  let latest: readonly Gauge[] = []
  let failingSince: number | undefined

  /** How long the oldest unstored record has waited. */
  function lagMs(now: number): number {
    const [oldest] = journal.read(intake.stats().applied, 1).entries
    return oldest === undefined ? 0 : Math.max(0, now - oldest.record.receivedAt)
  }

  async function measure(): Promise<void> {
    const free = await freeShare()
    const now = clock()
    failingSince = intake.stats().failing === 0 ? undefined : (failingSince ?? now)
    const gauge = (name: GaugeName, value: number): Gauge => ({
      kind: 'gauge',
      gauge: name,
      value,
      at: now,
      receivedAt: now,
    })
    latest = [
      gauge('journal-lag', lagMs(now) / secondMs),
      gauge('store-down', failingSince === undefined ? 0 : Math.max(0, now - failingSince) / secondMs),
      gauge('disk-free', free),
      gauge('clock-doubt', doubtMs() / secondMs),
      gauge('deletions-held', heldDeletions()),
    ]
  }

  return {
    name: 'measure',
    async start() {
      timer = setInterval(() => void measure().catch(onFault), everyMs)
      await measure().catch(onFault)
    },
    async stop() {
      clearInterval(timer)
    },
    take() {
      const taken = latest
      latest = []
      return taken
    },
  }
}
