import type { Deletion } from '../../ingest/retention/deletions.ts'
import type { Overdue, RetentionView } from './retention-view.ts'

/** What is told of numbers to who sees no small one: thousands, of bytes millions, and days. */
const rowStep = 1000
const byteStep = 1_000_000

const down = (n: number, step: number) => Math.floor(n / step) * step

/**
 * The same as far as one may know it who sees no small number: asked again and again, the exact count of rows or files
 * says when each event came, and the time of the oldest is that of an event.
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
