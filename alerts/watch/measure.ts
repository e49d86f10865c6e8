import { statfs } from 'node:fs/promises'
import { type Clock, secondMs } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { IntakeStats } from '../../ingest/intake/intake-stats.ts'
import type { Gauge, GaugeName } from '../rules/gauge.ts'

export interface MeasureParts {
  readonly journal: JournalReader
  readonly intake: { stats(): IntakeStats }
  /** What share is free of the disk that everything is on. */
  readonly freeShare: () => Promise<number>
  /** How long the clock has been in doubt while the machine ran; 0 while it is sure. */
  readonly doubtMs?: () => number
  /** Deletions that wait until somebody says that they are meant. */
  readonly heldDeletions?: () => number
  readonly clock: Clock
  onFault(error: unknown): void
}

const everyMs = 5 * secondMs

/** Of the disk that a directory is on, to those who are not its administrator. */
export async function freeShareOf(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory)
  return blocks === 0 ? 1 : bavail / blocks
}

/** Measures the service itself: what waits for the store, whether that takes anything, how much of the disk is free. */
export function createMeasure(parts: MeasureParts): Part & {
  /** Those since it was last asked. */
  take(): readonly Gauge[]
} {
  const { journal, intake, freeShare, doubtMs = () => 0, heldDeletions = () => 0, clock, onFault } = parts
  let timer: NodeJS.Timeout | undefined
  let latest: readonly Gauge[] = []
  let failingSince: number | undefined

  /** How long the oldest record that is not stored yet has waited. */
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
