import type { FoldQuery } from '../../ingest/store/fold-cells.ts'
import { type Cell, placeDimensions } from '../../ingest/store/store.ts'
import { severities } from '../rules/rule.ts'
import { describedRules } from '../rules/rules.ts'
import { outcomes } from './alert.ts'

/** Dimensions by which alerts can be counted. An alert about the service itself has no place. */
export const alertDimensions = [...placeDimensions, 'rule', 'severity', 'outcome'] as const
export type AlertDimension = (typeof alertDimensions)[number]

/** Counts alerts by the time they were raised, in the shape in which a store counts rows. */
export interface AlertCells {
  /** Non-empty cells in no particular order. Rejects with FLOW_QUERY_TOO_WIDE beyond 200,000 alerts. */
  cells(query: FoldQuery<AlertDimension>): Promise<Cell[]>
}

/** The words a dimension can have, including '' for none; undefined if any word is possible. */
export function alertWords(dimension: AlertDimension): readonly string[] | undefined {
  if (dimension === 'rule') return describedRules.map(({ name }) => name)
  if (dimension === 'severity') return severities
  // '' means that nobody has said yet what the alert was.
  return dimension === 'outcome' ? [...outcomes, ''] : undefined
}
