import type { Deletion } from '../../ingest/retention/deletions.ts'
import type { Overdue, RetentionView } from './retention-view.ts'

/** Rounding for users who see no small numbers: rows to thousands, bytes to millions, times to days. */
const rowStep = 1000
const byteStep = 1_000_000

const down = (n: number, step: number) => Math.floor(n / step) * step

/**
 * Reduces a view to what users may know who see no small numbers. Asked again and again, an exact count of rows or
 * files would show when each event came, and the exact time of the oldest is the time of an event.
 */
export function createCoarse(startOfDay: (ms: number) => number) {
  const day = <T extends number | null | undefined>(ms: T) => (typeof ms === 'number' ? startOfDay(ms) : ms)
  const aged = <T extends { readonly oldestAt?: number | null }>(thing: T): T =>
    thing.oldestAt === undefined ? thing : { ...thing, oldestAt: day(thing.oldestAt) }
  const deletion = (one: Deletion): Deletion => ({ ...aged(one), rows: down(one.rows, rowStep) })

  return {
    deletion,
    view: ({ rows, pictures }: RetentionView): RetentionView => ({
      rows: rows.map(({ last, ...kind }) => ({
        ...aged(kind),
        rows: down(kind.rows, rowStep),
        bytes: down(kind.bytes, byteStep),
        ...(last === undefined ? {} : { last: deletion(last) }),
      })),
      pictures: pictures.map(stage => ({
        ...aged(stage),
        files: down(stage.files, rowStep),
        held: down(stage.held, rowStep),
        bytes: down(stage.bytes, byteStep),
      })),
    }),
    overdue: (all: readonly Overdue[]): Overdue[] => all.map(aged),
  }
}
