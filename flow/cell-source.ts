import type { AlertCells, AlertDimension } from '../alerts/book/alert-cells.ts'
import { collect } from '../core/collect.ts'
import { LintelError } from '../core/errors.ts'
import type { FoldQuery } from '../ingest/store/fold-cells.ts'
import type { Cell, CellQuery, Store } from '../ingest/store/store.ts'
import type { CountedDimension, Measure } from './measures.ts'

/** What a measure is counted from. */
export interface CellSource {
  /** As `Store.eachCell`, of the measure's kind; its dimensions are the measure's. */
  eachCell(query: SourceQuery, take: (cell: Cell) => void): Promise<void>
}

export type SourceQuery = FoldQuery<CountedDimension> & Pick<CellQuery, 'sum'>

/** Rows of the store, or alerts. Throws API_FORBIDDEN for who may not see those. */
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

/** A database that groups so many steps at once takes some ten megabytes for it; all of a long question would take hundreds. */
const stepsAtOnce = 4096
const partsOfCollection = 4

/**
 * One after the other, a part of the time after the other. A step that two parts share has a cell in each. What `take`
 * throws ends it, and nothing further is asked.
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

/** The segments of a query in parts of so many steps, and which of its own each part begins with. */
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
