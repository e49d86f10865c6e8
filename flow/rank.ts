import { type Amount, type CountedRow, groupKey, plus } from './counted.ts'
import { isSlot } from './measures.ts'
import type { Asked } from './question.ts'

export interface Ranking {
  readonly isKept: (values: readonly string[]) => boolean
  /** Number and sum of the other groups; undefined if all are kept. */
  readonly others: { readonly groups: number; readonly amount: Amount } | undefined
}

/**
 * The groups with the most in the whole period, as far as it may be shown; equal ones by name. An hour or a weekday is
 * not a group of its own, unless the query has no other dimension.
 */
export function rankGroups({ by, top, ranksSlots }: Asked, rows: Iterable<CountedRow>): Ranking {
  if (top === undefined) return { isKept: () => true, others: undefined }
  const indices = by.flatMap((dimension, index) => (isSlot(dimension) && !ranksSlots ? [] : [index]))
  const groupOf = (values: readonly string[]) => groupKey(indices.map(index => values[index]!))
  const totals = new Map<string, Amount>()
  for (const { values, amount } of rows) {
    const group = groupOf(values)
    const known = totals.get(group)
    totals.set(group, known === undefined ? amount : plus(known, amount))
  }
  const countOf = ({ count }: Amount) => count ?? Number.NEGATIVE_INFINITY
  const ranked = [...totals].sort(([a, x], [b, y]) =>
    countOf(x) === countOf(y) ? (a < b ? -1 : 1) : countOf(x) < countOf(y) ? 1 : -1,
  )
  const kept = new Set(ranked.slice(0, top).map(([group]) => group))
  const rest = ranked.slice(top).map(([, amount]) => amount)
  return {
    isKept: values => kept.has(groupOf(values)),
    others: rest.length === 0 ? undefined : { groups: rest.length, amount: rest.reduce(plus) },
  }
}
