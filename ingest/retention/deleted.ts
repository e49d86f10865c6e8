import type { Stretch } from '../../gateway/journal/stretch.ts'
import type { Row } from '../store/store.ts'
import type { Deletion, DeletionReader } from './deletions.ts'

/** Rows that recorded deletions have deleted, or were going to: they must not come back. */
export interface Deleted {
  hasRow(row: Row): boolean
  /** True if a row of the stretch may be among them. */
  mayHave(stretch: Stretch): boolean
}

/** Number of deletions examined: compared rows were received hours ago, or days at most. */
const latestDeletions = 1000

/** Reads the record of deletions as it is now. */
export function readDeleted(deletions: Pick<DeletionReader, 'list'>): Deleted {
  const all = deletions.list(latestDeletions)
  const isOf = ({ of = {} }: Deletion, { place }: Row) =>
    Object.entries(of).every(([dimension, name]) => place[dimension as 'site'] === name)
  return {
    hasRow: row =>
      all.some(
        deletion =>
          deletion.kind === row.record.kind &&
          row.record.at < deletion.before &&
          row.record.receivedAt <= deletion.at &&
          isOf(deletion, row),
      ),
    mayHave: ({ earliestAt, firstReceivedAt }) =>
      all.some(({ before, at }) => earliestAt < before && firstReceivedAt <= at),
  }
}
