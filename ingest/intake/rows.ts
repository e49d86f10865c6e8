import type { Entry } from '../../gateway/journal/journal.ts'
import type { Row } from '../store/store.ts'

/** All records except snapshots become rows. */
export function toRows(entries: readonly Entry[]): Row[] {
  const rows: Row[] = []
  for (const { seq, record } of entries) {
    if (record.kind !== 'snapshot') rows.push({ seq, place: record.place, record } as Row)
  }
  return rows
}
