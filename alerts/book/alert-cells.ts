import type { FoldQuery } from '../../ingest/store/fold-cells.ts'
import { type Cell, placeDimensions } from '../../ingest/store/store.ts'
import { severities } from '../rules/rule.ts'
import { describedRules } from '../rules/rules.ts'
import { outcomes } from './alert.ts'

/** What alerts can be counted by. An alert of the service itself has no place. */
export const alertDimensions = [...placeDimensions, 'rule', 'severity', 'outcome'] as const
export type AlertDimension = (typeof alertDimensions)[number]

/** Counts of alerts by when they were raised, in the shape in which a store counts rows. */
export interface AlertCells {
  /** Cells that are not empty, in no particular order. Rejects with FLOW_QUERY_TOO_WIDE beyond 200,000 alerts. */
  cells(query: FoldQuery<AlertDimension>): Promise<Cell[]>
}

/** The words that a dimension can have, '' for none among them; undefined where it is open. */
export function alertWords(dimension: AlertDimension): readonly string[] | undefined {
  if (dimension === 'rule') return describedRules.map(({ name }) => name)
  if (dimension === 'severity') return severities
  // Nobody has said yet what it was.
  return dimension === 'outcome' ? [...outcomes, ''] : undefined
}
