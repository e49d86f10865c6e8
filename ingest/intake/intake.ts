import { type Backoff, backoffMs } from '../../core/backoff.ts'
import type { Cursors } from '../../core/cursors.ts'
import { Durations } from '../../core/durations.ts'
import { LintelError } from '../../core/errors.ts'
import { commonPosition, epochAt, type Position, positionsBetween } from '../../core/history.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createLoop } from '../../core/loop.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Seq } from '../../core/words.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import type { Store } from '../store/store.ts'
import type { IntakeStats } from './intake-stats.ts'
import { toRows } from './rows.ts'

/** Name of this consumer's cursor. */
export const intakeConsumer = 'intake'

export interface IntakeOptions {
  /** Most rows in one write. */
  readonly batchRows: number
  /** Pause between writes when there is little to do: rows cost less in larger batches. */
  readonly paceMs: number
  readonly retry: Backoff
}

export const intakeDefaults: IntakeOptions = {
  batchRows: 50_000,
  paceMs: 150,
  retry: { firstMs: 200, maxMs: 30_000 },
}

/** The part of a store used by the intake. */
export type IntakeStore = Pick<Store, 'write' | 'applied' | 'epochs' | 'fork'>

export interface IntakeParts {
  journal: JournalReader
  store: IntakeStore
  cursors: Cursors
  random(): number
  onFault(error: unknown): void
}

/**
 * Copies the journal into the store. After a start it continues at the position the store reports as applied, so a
 * store that was lost is refilled with what the journal still holds. The cursor only tells the journal what it may
 * free, and moves after the store has confirmed.
 *
 * A position counts together with the epoch that wrote it: if the journal was replaced by an older copy of itself, the
 * intake continues from the last position both have in common.
 */
export function createIntake(
  { journal, store, cursors, random, onFault }: IntakeParts,
  options = intakeDefaults,
): Part & { stats(): IntakeStats } {
  let position: Position | undefined
  /** Last known value; it stays valid while the store is asked again. */
  let applied: Seq = 0
  let rows = 0
  let failures = 0
  let failing = 0
  let damaged = 0
  let freed = 0
  let forks = 0
  const writes = new Durations()

  /** Handles one batch; resolves to the number of records it took from the journal. */
  async function step(): Promise<number> {
    if (position === undefined || commonPosition(journal, [position]) !== position.seq)
      position = await findPosition()
    const from = position.seq
    applied = from
    const batch = journal.read(from, options.batchRows)
    const taken = batch.next - from
    if (taken > 0) {
      const found = toRows(batch.entries)
      const epochs = positionsBetween(journal, from, batch.next)
      const began = performance.now()
      await store.write({ journal: journal.id, rows: found, next: batch.next, epochs })
      writes.observe(performance.now() - began)
      report(batch, from)
      rows += found.length
      position = epochs.at(-1) ?? { seq: batch.next }
      applied = batch.next
    }
    if (cursors.get(intakeConsumer) < applied) await cursors.commit(intakeConsumer, applied)
    return taken
  }

  /** The last position that store and journal have in common; if the store has applied more, it is told to fork there. */
  async function findPosition(): Promise<Position> {
    const seq = await store.applied(journal.id)
    const epochs = await store.epochs(journal.id)
    const common = Math.min(seq, commonPosition(journal, epochs.length === 0 ? [{ seq }] : epochs))
    if (common < seq) {
      await store.fork(journal.id, common)
      forks++
      const what = `the journal was replaced by an older copy of itself: the store had it up to ${seq}, and has it in common up to ${common}. What comes next is stored from there; the rows of ${seq - common} positions that this journal does not have are kept`
      onFault(new LintelError('JOURNAL_FORKED', what))
    }
    const epoch = epochAt(journal, common)
    return epoch === undefined ? { seq: common } : { seq: common, epoch }
  }

  /** Called once per batch, after the write, so that a batch that is tried again is not counted again. */
  function report(batch: ReturnType<JournalReader['read']>, from: Seq): void {
    damaged += batch.damaged
    freed += batch.freed
    const fault = (what: string) => onFault(new LintelError('JOURNAL_CORRUPT', what))
    if (batch.damaged > 0)
      fault(`${batch.damaged} records before position ${batch.next} are missing or could not be read back`)
    if (batch.freed > 0)
      onFault(new LintelError('STORE_INCOMPLETE', missingRows(journal, from, from + batch.freed)))
  }

  const loop = createLoop('intake', async () => {
    try {
      const taken = await step()
      failing = 0
      return taken < options.batchRows ? options.paceMs : 0
    } catch (error) {
      failures++
      onFault(error)
      // Ask the store again what it has applied: a failed write may have been made after all.
      position = undefined
      return backoffMs(++failing, options.retry, random())
    }
  })

  return {
    ...loop,
    stats: () => ({ applied, rows, failures, failing, damaged, freed, forks, writes }),
  }
}

/** Describes the rows a lost or outdated store lacks because the journal has freed them. */
function missingRows(journal: JournalReader, from: Seq, to: Seq): string {
  const stretches = journal.stretches(from, to).filter(({ rows }) => rows > 0)
  const first = Math.min(...stretches.map(({ firstReceivedAt }) => firstReceivedAt))
  const last = Math.max(...stretches.map(({ lastReceivedAt }) => lastReceivedAt))
  const when =
    stretches.length === 0 ? '' : `, received between ${formatRfc3339(first)} and ${formatRfc3339(last)}`
  return `the store is without the positions ${from + 1} to ${to}${when}: it was lost or is an older copy, and the journal holds them no longer`
}
