import type { AlertCells, AlertDimension } from '../alerts/book/alert-cells.ts'
import { collect } from '../core/collect.ts'
import { LintelError } from '../core/errors.ts'
import type { FoldQuery } from '../ingest/store/fold-cells.ts'
import type { Cell, CellQuery, Store } from '../ingest/store/store.ts'
import type { CountedDimension, Measure } from './measures.ts'

/** The source of a measure's counts. */
export interface CellSource {
  /** Like `Store.eachCell`, for the measure's kind and dimensions. */
  eachCell(query: SourceQuery, take: (cell: Cell) => void): Promise<void>
}

export type SourceQuery = FoldQuery<CountedDimension> & Pick<CellQuery, 'sum'>

/** Rows of the store, or alerts. Throws API_FORBIDDEN for those who may not see alerts. */
export function sourceOf(
  { kind }: Measure,
  store: Pick<Store, 'cells' | 'eachCell'>,
  alerts: AlertCells | undefined,
): CellSource {
  if (kind !== 'alert')
    return { eachCell: (query, take) => eachCell(store, { ...query, kind } as CellQuery, take) }
  if (alerts === undefined)
    throw new LintelError('API_FORBIDDEN', 'alerts are counted for those who may read them, and not on a gateway alone') // biome-ignore format: one line
  return {
    async eachCell(query, take) {
      for (const cell of await alerts.cells(query as FoldQuery<AlertDimension>)) take(cell)
    },
  }
}

/** Grouping this many steps at once takes a database some ten megabytes; a whole long query would take hundreds. */
const stepsAtOnce = 4096
const partsOfCollection = 4

/**
 * Asks for one part of the time after the other. A step shared by two parts gives a cell in each. An error thrown by
 * `take` ends it, and nothing more is asked.
 */
export async function eachCell(
  store: Pick<Store, 'cells' | 'eachCell'>,
  query: CellQuery,
  take: (cell: Cell) => void,
): Promise<void> {
  let parts = 0
  for (const { segments, first } of partsOf(query)) {
    if (++parts % partsOfCollection === 0) await collect()
    const within = (cell: Cell) => take(first === 0 ? cell : { ...cell, segment: cell.segment + first })
    const part = { ...query, segments }
    if (store.eachCell !== undefined) await store.eachCell(part, within)
    else for (const cell of await store.cells(part)) within(cell)
  }
}

/** Splits a query's segments into parts of at most `stepsAtOnce` steps, each with the index of its first segment. */
export function* partsOf({
  segments,
  stepMs,
  foldMs,
}: CellQuery): Generator<{ segments: CellQuery['segments']; first: number }> {
  const [begin, end] = [segments[0]?.from ?? 0, segments.at(-1)?.to ?? 0]
  const lengthMs = stepMs === undefined || foldMs !== undefined ? end - begin : stepMs * stepsAtOnce
  if (end - begin <= lengthMs) return yield { segments, first: 0 }
  for (let from = begin; from < end; from += lengthMs) {
    const to = Math.min(from + lengthMs, end)
    const inside = segments
      .map((segment, index) => ({ ...segment, from: Math.max(segment.from, from), to: Math.min(segment.to, to), index }))
      .filter(segment => segment.from < segment.to) // biome-ignore format: one thing
    yield { segments: inside.map(({ index: _, ...segment }) => segment), first: inside[0]!.index }
  }
}
