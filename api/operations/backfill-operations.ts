import { parseRfc3339 } from '../../core/rfc3339.ts'
import type { BackfillOutcome, BackfillRow } from '../../gateway/control/gateway-control.ts'
import type { OperationParts } from './operation-parts.ts'
import type { Operations } from './operations.ts'

export function createBackfillOperations({
  control,
  uplink,
  store,
  backfillFiles,
  clock,
  unsettleDays,
}: Pick<OperationParts, 'control' | 'uplink' | 'store' | 'backfillFiles' | 'clock' | 'unsettleDays'>): Pick<
  Operations,
  'backfill'
> {
  const isRelayed = store === undefined && uplink !== undefined
  return {
    async backfill({ file: { name, hash }, before, rows, dryRun }) {
      const done = backfillFiles.rowsOf(hash)
      const known = Math.min(rows.length, Math.max(0, done - before))
      const fresh = rows.slice(known)
      if (fresh.length === 0) return { known, outcomes: [] }
      const outcomes = await control.backfill(fresh, { dryRun, isRelayed })
      if (!dryRun) await unsettleDays?.(timesOf(fresh, outcomes), clock())
      // Noted last: after a crash in between, the rows are sent again, and the journal knows their ids. Not noted if a
      // row is faulty: its device may be enrolled by the next attempt.
      if (!dryRun && before <= done && outcomes.every(outcome => typeof outcome === 'string'))
        await backfillFiles.note(hash, { name, rows: before + rows.length, at: clock() })
      return { known, outcomes }
    },
  }
}

/** Times of the rows that are stored now, including those of earlier attempts. */
const timesOf = (rows: readonly BackfillRow[], outcomes: readonly BackfillOutcome[]): number[] =>
  rows.flatMap(({ event }, index) => {
    const { time } = Object(event) as { time?: unknown }
    return typeof outcomes[index] === 'string' && typeof time === 'string' ? [parseRfc3339(time)] : []
  })
