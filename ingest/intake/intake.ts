import { type Backoff, backoffMs } from '../../core/backoff.ts'
import type { Cursors } from '../../core/cursors.ts'
import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createLoop } from '../../core/loop.ts'
import type { Place, Seq } from '../../core/words.ts'
import type { Entry, JournalReader } from '../../gateway/journal/journal.ts'
import type { Row, Store } from '../store/store.ts'
import type { IntakeStats } from './intake-stats.ts'

/** The name of this consumer's cursor. */
export const intakeConsumer = 'intake'

export interface IntakeOptions {
  /** Rows of one write at most. */
  readonly batchRows: number
  /** Between two writes while there is little to do: rows are cheaper in company. */
  readonly paceMs: number
  readonly retry: Backoff
}

export const intakeDefaults: IntakeOptions = {
  batchRows: 50_000,
  paceMs: 150,
  retry: { firstMs: 200, maxMs: 30_000 },
}

export interface IntakeParts {
  journal: JournalReader
  store: Pick<Store, 'write' | 'applied'>
  cursors: Cursors
  place(id: number): Place | undefined
  random(): number
  onFault(error: unknown): void
}

/**
 * Carries the journal into the store. Where it goes on after a start is what the store itself says it
 * has applied, so a store that was lost is refilled from what the journal still holds; the cursor only
 * tells the journal what it may free, and moves once the store has confirmed.
 */
export function createIntake(
  { journal, store, cursors, place, random, onFault }: IntakeParts,
  options = intakeDefaults,
): Part & { stats(): IntakeStats } {
  let position: Seq | undefined
  /** As far as is known: while the store is asked again, what it had is not in doubt. */
  let applied: Seq = 0
  let rows = 0
  let batches = 0
  let failures = 0
  let failing = 0
  let damaged = 0

  /** One batch; resolves to how many records it took from the journal. */
  async function step(): Promise<number> {
    position ??= await store.applied(journal.id)
    applied = position
    const end = journal.end()
    if (position > end) {
      // Going on would skip what comes next: its positions are taken.
      const what = `the store has this journal up to ${position}, but it ends at ${end}: is it an older copy?`
      throw new LintelError('JOURNAL_CORRUPT', what)
    }
    const batch = journal.read(position, options.batchRows)
    const taken = batch.next - position
    if (taken > 0) {
      const { found, lost } = toRows(batch.entries)
      await store.write({ journal: journal.id, rows: found, next: batch.next })
      report(batch.damaged, batch.next, lost)
      rows += found.length
      batches++
      position = batch.next
      applied = position
    }
    if (cursors.get(intakeConsumer) < position) await cursors.commit(intakeConsumer, position)
    return taken
  }

  function toRows(entries: readonly Entry[]) {
    const found: Row[] = []
    const lost: Entry[] = []
    for (const entry of entries) {
      const { seq, record } = entry
      if (record.kind === 'snapshot') continue
      const stood = place(record.place)
      if (stood === undefined) lost.push(entry)
      else found.push({ seq, place: stood, record } as Row)
    }
    return { found, lost }
  }

  /** Once a batch: after the write, so that one that is tried again is not counted again. */
  function report(unreadable: number, next: Seq, [first, ...others]: readonly Entry[]): void {
    const fault = (what: string) => onFault(new LintelError('JOURNAL_CORRUPT', what))
    damaged += unreadable
    if (unreadable > 0) fault(`${unreadable} records before position ${next} could not be read back`)
    if (first === undefined) return
    damaged += 1 + others.length
    const more = others.length === 0 ? '' : `, as do ${others.length} after it`
    fault(`the record at position ${first.seq} names place ${first.record.place}, which is not known${more}`)
  }

  const loop = createLoop('intake', async () => {
    try {
      const taken = await step()
      failing = 0
      return taken < options.batchRows ? options.paceMs : 0
    } catch (error) {
      failures++
      onFault(error)
      // What was applied is asked again: a write that failed may have been made all the same.
      position = undefined
      return backoffMs(++failing, options.retry, random())
    }
  })

  return {
    ...loop,
    stats: () => ({ applied, rows, batches, failures, failing, damaged }),
  }
}
