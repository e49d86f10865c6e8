import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { PlaceFilter } from '../store/store.ts'

/** A record of rows of one kind that were deleted at one time: it proves that they were. */
export interface Deletion {
  /** Grows. Only the number of a record that was taken back is used again. */
  readonly number: number
  readonly kind: StoredKind
  /** Rows older than this, epoch ms. */
  readonly before: number
  /** Only rows from this place. */
  readonly of?: PlaceFilter
  /** `age`: their time was up. `erasure`: somebody asked for it. */
  readonly why: 'age' | 'erasure'
  /** When it began. */
  readonly at: number
  /** Number of rows to delete, counted when it began; absent in records of versions that did not count. */
  readonly expected?: number
  readonly rows: number
  /** Time of the oldest row of the kind that is left; null if none is. Absent if it was interrupted: the next one continues. */
  readonly oldestAt?: number | null
}

export type NewDeletion = Omit<Deletion, 'number' | 'rows' | 'oldestAt'>

/** A deletion of so many rows that somebody has to confirm it. At most one per kind. */
export interface HeldDeletion extends Pick<Deletion, 'kind' | 'before' | 'at'> {
  /** Rows that would be deleted, and rows in total. */
  readonly expected: number
  readonly of: number
  /** True once somebody has confirmed it. */
  readonly allowed: boolean
}

export interface DeletionReader {
  /** Newest first; only those with a number below `after`. */
  list(limit: number, after?: number): Deletion[]
  /** The latest deletion of each kind. */
  latest(): Map<StoredKind, Deletion>
  /** Deletions that wait for confirmation. */
  held(): HeldDeletion[]
  /** Confirms one. Throws DELETION_NOT_HELD if none of the kind waits. */
  allow(kind: StoredKind): Promise<HeldDeletion>
}

/** Append-only; beyond the bound, the oldest are dropped. A record is written before a row is deleted, so no deletion lacks one. */
export interface Deletions extends DeletionReader {
  begin(deletion: NewDeletion): Promise<Deletion>
  /** Updates a deletion that has begun; one that turned out to have no rows is taken back. */
  keep(deletion: Deletion): Promise<void>
  /** Holds a deletion for confirmation; `heldOf` also returns a confirmed one, and `letGo` drops it. */
  hold(held: HeldDeletion): Promise<void>
  heldOf(kind: StoredKind): HeldDeletion | undefined
  letGo(kind: StoredKind): Promise<void>
}

/** 20 months, if all kinds are limited and some of each is deleted every hour. */
const maxDeletions = 100_000

export function createDeletions(state: State, max = maxDeletions): Deletions {
  const table = state.table<Deletion>('deletion')
  const latest = state.table<number>('latest-deletion')
  const held = state.table<HeldDeletion>('held-deletion')
  const keyOf = (number: number) => String(number).padStart(15, '0')

  return {
    list: (limit, after) =>
      [
        ...table.entries({ reverse: true, limit, ...(after === undefined ? {} : { after: keyOf(after) }) }),
      ].map(([, deletion]) => deletion),
    latest() {
      const found = [...latest.entries()].flatMap(([kind, number]) => {
        const deletion = table.get(keyOf(number))
        return deletion === undefined ? [] : [[kind as StoredKind, deletion] as const]
      })
      return new Map(found)
    },
    begin: deletion =>
      state.transact(() => {
        const [last] = table.entries({ reverse: true, limit: 1 })
        const number = (last?.[1].number ?? 0) + 1
        const begun = { ...deletion, number, rows: 0 }
        table.put(keyOf(number), begun)
        table.remove(keyOf(number - max))
        return begun
      }),
    keep: deletion =>
      state.transact(() => {
        const key = keyOf(deletion.number)
        if (deletion.rows === 0 && deletion.oldestAt !== undefined) return table.remove(key)
        table.put(key, deletion)
        latest.put(deletion.kind, deletion.number)
      }),
    held: () => [...held.entries()].map(([, one]) => one).filter(({ allowed }) => !allowed),
    heldOf: kind => held.get(kind),
    hold: one => state.transact(() => held.put(one.kind, one)),
    letGo: kind => state.transact(() => held.remove(kind)),
    allow: kind =>
      state.transact(() => {
        const found = held.get(kind)
        if (found === undefined || found.allowed)
          throw new LintelError('DELETION_NOT_HELD', `no deletion of ${kind} waits to be allowed`)
        const allowed = { ...found, allowed: true }
        held.put(kind, allowed)
        return allowed
      }),
  }
}
