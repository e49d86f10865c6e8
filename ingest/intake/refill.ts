import { minuteMs, secondMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createLoop } from '../../core/loop.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Seq } from '../../core/words.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import { type Stretch, type StretchSums, sameSums } from '../../gateway/journal/stretch.ts'
import type { Deleted } from '../retention/deleted.ts'
import type { Store } from '../store/store.ts'
import type { RefillStats } from './intake-stats.ts'
import { toRows } from './rows.ts'

export interface RefillParts {
  readonly journal: JournalReader
  readonly store: Pick<Store, 'sums' | 'positions' | 'refill'>
  /** The position up to which the store claims to have everything. */
  readonly applied: () => Seq
  /** Rows covered by recorded deletions are not missing. */
  readonly deleted: () => Deleted
  readonly onFault: (error: unknown) => void
}

export interface RefillOptions {
  readonly everyMs: number
  /** Stretches per comparison: with InfluxDB, each costs a query. */
  readonly stretches: number
}

export const refillDefaults: RefillOptions = { everyMs: 10 * secondMs, stretches: 32 }

/** Sums of both sides after a comparison; while neither changes, the stretch needs no repair. */
interface Settled {
  readonly journal: StretchSums
  readonly store: StretchSums
}

/** Number of passes after which an unchanged stretch is compared again. */
const passesBetween = 6

/**
 * Compares the store with what the journal still holds, stretch by stretch, and writes what the store has lost: rows it
 * had confirmed before its disk failed, its file was replaced, or somebody deleted them.
 */
export function createRefill(
  { journal, store, applied, deleted, onFault }: RefillParts,
  { everyMs, stretches: most } = refillDefaults,
): Part & { stats(): RefillStats } {
  const settled = new Map<Seq, Settled>()
  const comparedIn = new Map<Seq, number>()
  const lost = new Map<Seq, number>()
  const strange = new Map<Seq, number>()
  let pass = 0
  let refilled = 0

  const sum = (of: Map<Seq, number>) => [...of.values()].reduce((total, n) => total + n, 0)

  /** Stretches never compared, or grown since, come first; then those compared longest ago. */
  function choose(held: readonly Stretch[]): Stretch[] {
    const isNew = (stretch: Stretch) => {
      const known = settled.get(stretch.first)
      return known === undefined || !sameSums(known.journal, stretch)
    }
    const lastPass = (stretch: Stretch) => (isNew(stretch) ? -1 : (comparedIn.get(stretch.first) ?? 0))
    return held
      .filter(stretch => isNew(stretch) || pass - lastPass(stretch) >= passesBetween)
      .toSorted((a, b) => lastPass(a) - lastPass(b))
      .slice(0, most)
      .toSorted((a, b) => a.first - b.first)
  }

  async function compare(): Promise<void> {
    const to = applied()
    const from = journal.freedUpTo()
    if (to <= from) return
    pass++
    const held = journal.stretches(from, to)
    forgetBefore(held[0]?.first ?? 0)
    const chosen = choose(held)
    const found = await store.sums(journal.id, chosen, to)
    for (const [index, stretch] of chosen.entries()) {
      const sums = found[index]!
      const known = settled.get(stretch.first)
      const isSettled = known !== undefined && sameSums(known.journal, stretch) && sameSums(known.store, sums)
      if (!isSettled && !sameSums(stretch, sums)) await mend(stretch, to)
      const [now] = sameSums(stretch, sums) ? [sums] : await store.sums(journal.id, [stretch], to)
      settled.set(stretch.first, { journal: stretch, store: now! })
      comparedIn.set(stretch.first, pass)
    }
  }

  /** Writes every row of the journal that the store lacks. */
  async function mend(stretch: Stretch, to: Seq): Promise<void> {
    const begin = stretch.first - 1
    const freed = Math.max(0, Math.min(journal.freedUpTo(), stretch.last) - begin)
    const { entries } = journal.read(begin + freed, Math.min(stretch.last, to) - begin - freed)
    const rows = toRows(entries)
    const present = await store.positions(journal.id, stretch)
    const gone = deleted()
    const missing = rows.filter(row => !present.has(row.seq) && !gone.hasRow(row))
    if (missing.length > 0) {
      await store.refill(journal.id, missing)
      refilled += missing.length
      tell(
        `${missing.length} rows that the store had confirmed were not there, and were written again from the journal`,
        stretch,
      )
    }
    const own = new Set(rows.map(({ seq }) => seq))
    const isHeld = (seq: Seq) => seq > begin + freed && seq <= to
    setCount(strange, stretch, [...present].filter(seq => isHeld(seq) && !own.has(seq)).length)
    // For the part freed by the journal, only the number of rows is known.
    const freedRows = gone.mayHave(stretch) ? 0 : stretch.rows - rows.length
    const presentOfFreed = [...present].filter(seq => !isHeld(seq) && seq <= to).length
    if (setCount(lost, stretch, Math.max(0, freedRows - presentOfFreed)))
      tell(
        `${lost.get(stretch.first)} rows are missing in the store, and the journal holds them no longer`,
        stretch,
      )
  }

  /** True if the count has increased. */
  function setCount(counts: Map<Seq, number>, { first }: Stretch, n: number): boolean {
    const before = counts.get(first) ?? 0
    if (n > 0) counts.set(first, n)
    else counts.delete(first)
    return n > before
  }

  function tell(what: string, { first, last, firstReceivedAt, lastReceivedAt }: Stretch): void {
    const when = `received between ${formatRfc3339(firstReceivedAt)} and ${formatRfc3339(lastReceivedAt)}`
    onFault(new LintelError('STORE_INCOMPLETE', `${what}: of positions ${first} to ${last}, ${when}`))
  }

  /** Nothing can be done for stretches that the journal has freed. */
  function forgetBefore(first: Seq): void {
    for (const counts of [settled, comparedIn])
      for (const key of counts.keys()) if (key < first) counts.delete(key)
  }

  const loop = createLoop('refill', async () => {
    try {
      await compare()
      return everyMs
    } catch (error) {
      // The intake already reports a store that is down.
      if (!(error instanceof LintelError && error.retryable)) onFault(error)
      return Math.max(everyMs, minuteMs)
    }
  })

  return { ...loop, stats: () => ({ refilled, missing: sum(lost), foreign: sum(strange) }) }
}
