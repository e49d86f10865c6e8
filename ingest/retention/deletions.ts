import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { PlaceFilter } from '../store/store.ts'

/** Rows of one kind that were deleted at one time: proof that what should be gone was deleted. */
export interface Deletion {
  /** Grows, and is never used twice. */
  readonly number: number
  readonly kind: StoredKind
  /** Of rows whose time is before that, epoch ms. */
  readonly before: number
  /** Only those that came from such a place. */
  readonly of?: PlaceFilter
  /** Their time was up, or somebody asked for it. */
  readonly why: 'age' | 'erasure'
  /** When it began. */
  readonly at: number
  /** Rows that were to go when it began; absent in records of versions that did not count them. */
  readonly expected?: number
  readonly rows: number
  /** Time of the oldest row of the kind that is left; null where none is. Absent where it was cut off: the next one goes on. */
  readonly oldestAt?: number | null
}

export type NewDeletion = Omit<Deletion, 'number' | 'rows' | 'oldestAt'>

/** A deletion of so many rows that somebody has to say that it is meant. One at most of each kind. */
export interface HeldDeletion extends Pick<Deletion, 'kind' | 'before' | 'at'> {
  /** Rows that would go, and rows that there are. */
  readonly expected: number
  readonly of: number
  /** Somebody has said so. */
  readonly allowed: boolean
}

export interface DeletionReader {
  /** Newest first; only those before number `after`. */
  list(limit: number, after?: number): Deletion[]
  /** The latest of each kind. */
  latest(): Map<StoredKind, Deletion>
  /** Those that wait for somebody to say that they are meant. */
  held(): HeldDeletion[]
  /** Says so. Throws DELETION_NOT_HELD where none of the kind waits. */
  allow(kind: StoredKind): Promise<HeldDeletion>
}

/** Only ever added to, but for the oldest beyond the bound. Kept before a row is deleted, so that no deletion is without one. */
export interface Deletions extends DeletionReader {
  begin(deletion: NewDeletion): Promise<Deletion>
  /** Adds what is known of one that has been begun; one of no rows is taken back. */
  keep(deletion: Deletion): Promise<void>
  /** Holds one, or lets go of what is held of the kind; `held` tells which is allowed. */
  hold(held: HeldDeletion): Promise<void>
  heldOf(kind: StoredKind): HeldDeletion | undefined
  letGo(kind: StoredKind): Promise<void>
}

/** With all kinds limited, and something of each every hour, 20 months. */
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
