import { LintelError } from '../core/errors.ts'
import type { AlertCells, AlertDimension } from '../ingest/alert/alert-cells.ts'
import type { FoldQuery } from '../ingest/store/fold-cells.ts'
import type { Cell, CellQuery, Store } from '../ingest/store/store.ts'
import type { CountedDimension, Measure } from './measures.ts'

/** What a measure is counted from. */
export interface CellSource {
  /** As `Store.cells`, of the measure's kind; its dimensions are the measure's. */
  cells(query: SourceQuery): Promise<Cell[]>
}

export type SourceQuery = FoldQuery<CountedDimension> & Pick<CellQuery, 'sum'>

/** Rows of the store, or alerts. Throws API_FORBIDDEN for who may not see those. */
export function sourceOf(
  { kind }: Measure,
  store: Pick<Store, 'cells'>,
  alerts: AlertCells | undefined,
): CellSource {
  if (kind !== 'alert') return { cells: query => store.cells({ ...query, kind } as CellQuery) }
  if (alerts === undefined)
    throw new LintelError('API_FORBIDDEN', 'alerts are counted for those who may read them, and not on a gateway alone') // biome-ignore format: one line
  return { cells: query => alerts.cells(query as FoldQuery<AlertDimension>) }
}
