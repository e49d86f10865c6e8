import { setImmediate } from 'node:timers/promises'
import { collect } from '../core/collect.ts'
import type { Step } from './calendar.ts'
import type { Amount, Counted } from './counted.ts'
import { createDayCounts } from './day-means.ts'
import { everyRow, isAskedFor } from './fill.ts'
import type { FlowDimension, MeasureName } from './measures.ts'
import type { FlowNote } from './notes.ts'
import { pairSteps } from './pair-steps.ts'
import type { Asked } from './question.ts'
import { rankGroups } from './rank.ts'
import { type RowTable, tableOf } from './row-table.ts'
import { formatLocal } from './zone.ts'

export interface FlowRow {
  /** Start of the step, RFC 3339 with the zone's offset. */
  readonly start: string
  readonly values: readonly string[]
  /** Null if nothing of it may be shown. */
  readonly count: number | null
  /** Number of parts left out of `count` because they are too small to be shown: then it is a lower bound. */
  readonly hidden?: number
  /** The step at the same wall-clock time in the earlier period; null if that has no such step, or it may not be shown. */
  readonly before?: number | null
  readonly beforeHidden?: number
  /** Share of all groups in the step, 0 to 1; null if unknown. */
  readonly share?: number | null
  /** Mean of `count` per day; a lower bound if `count` is one. */
  readonly mean?: number | null
}

export interface FlowAnswer {
  readonly measure: MeasureName
  readonly unit: 'count' | 's'
  readonly from: string
  readonly to: string
  readonly every: Step
  readonly zone: string
  readonly by: readonly FlowDimension[]
  readonly where?: Readonly<Record<string, readonly string[]>>
  /** Ordered by time, then by values. */
  readonly rows: readonly FlowRow[]
  /** Sum over all groups, including those that `top` leaves out. */
  readonly total: number | null
  readonly hidden?: number
  readonly before?: {
    readonly from: string
    readonly to: string
    readonly total: number | null
    readonly hidden?: number
  }
  /** The groups that `top` leaves out. */
  readonly others?: { readonly groups: number; readonly count: number | null; readonly hidden?: number }
  /** Numbers below `minCount` are hidden, and so are numbers that would reveal one; only days that are over are shown: up to `until`. */
  readonly suppression?: { readonly minCount: number; readonly until: string }
  readonly notes?: readonly FlowNote[]
}

/** Rows between two turns of the event loop: about 20 ms. */
const rowsOfTurn = 20_000
const rowsOfCollection = 250_000

/** Combines what was counted with the earlier period. Throws FLOW_QUERY_TOO_WIDE. */
export async function assembleAnswer(
  asked: Asked,
  now: Counted,
  earlier: Counted | undefined,
): Promise<FlowAnswer> {
  const { name, measure, every, zone, by, where } = asked
  const told = ({ count }: Amount) => (count === null ? null : count / measure.scale)
  const partly = ({ hidden }: Amount) => (hidden === 0 ? {} : { hidden })
  const format = remember((ms: number) => formatLocal(zone, ms))
  const { isKept, others } = rankGroups(asked, now.rows)
  const before = earlier && tableOf(earlier.rows)
  const pairs = earlier && asked.compare ? pairSteps(zone, every, asked.compare, now, earlier) : []
  const daysOf = asked.mean ? createDayCounts(asked, now) : undefined
  const beforeOf = createLookup(asked, earlier, before, pairs)

  const rows: FlowRow[] = []
  for (const { step, values, amount } of completed(asked, now, before, pairs).sorted()) {
    if (!isKept(values)) continue
    const start = format(now.starts[step]!)
    // A million rows may have this shape, so keep it small.
    if (earlier === undefined && amount.hidden === 0 && !asked.share && !asked.mean)
      rows.push({ start, values, count: told(amount) })
    else {
      const then = earlier && beforeOf(step, values)
      rows.push({
        start,
        values,
        count: told(amount),
        ...partly(amount),
        ...(earlier === undefined ? {} : { before: then === undefined ? null : told(then) }),
        ...(then === undefined || then.hidden === 0 ? {} : { beforeHidden: then.hidden }),
        ...(asked.share ? { share: shareOf(amount, now.stepTotal(step)) } : {}),
        ...(daysOf === undefined ? {} : { mean: meanOf(told(amount), daysOf(step, values)) }),
      })
    }
    if (rows.length % rowsOfTurn === 0) await setImmediate()
    if (rows.length % rowsOfCollection === 0) await collect()
  }
  return {
    measure: name,
    unit: measure.unit,
    from: format(now.from),
    to: format(now.to),
    every,
    zone,
    by,
    ...(Object.keys(where).length === 0 ? {} : { where }),
    rows,
    total: told(now.total),
    ...partly(now.total),
    ...(earlier === undefined
      ? {}
      : {
          before: {
            from: format(earlier.from),
            to: format(earlier.to),
            total: told(earlier.total),
            ...partly(earlier.total),
          },
        }),
    ...(others === undefined
      ? {}
      : { others: { groups: others.groups, count: told(others.amount), ...partly(others.amount) } }),
  }
}

/** The counted rows, and the rows of nothing that are wanted in addition. */
function completed(
  asked: Asked,
  now: Counted,
  before: RowTable | undefined,
  pairs: readonly (number | undefined)[],
): RowTable {
  const rows = tableOf(now.rows)
  const want = (step: number, values: readonly string[]) => {
    if (rows.get(step, values) === undefined) rows.add(step, values, now.absent)
  }
  // All groups that occur, taken before rows are added.
  const occurring = [...rows.groups(), ...(before?.groups() ?? [])]
  const heldAgainst = Map.groupBy(pairs.keys(), step => pairs[step])
  for (const { step, values } of before ?? [])
    for (const later of heldAgainst.get(step) ?? []) want(later, values)
  if (asked.isFilled) for (const { step, values } of everyRow(asked, now, occurring)) want(step, values)
  return rows
}

/**
 * The earlier value to compare a row with: `absent` (0 if exact) if that step has no such row, undefined if the earlier
 * period has no such step.
 */
function createLookup(
  asked: Asked,
  earlier: Counted | undefined,
  before: RowTable | undefined,
  pairs: readonly (number | undefined)[],
) {
  const isAsked = remember((step: number) => {
    const { starts, from, to } = earlier!
    return isAskedFor(asked, Math.max(starts[step]!, from), starts[step + 1] ?? to)
  })
  return (step: number, values: readonly string[]): Amount | undefined => {
    const then = pairs[step]
    if (then === undefined) return undefined
    return before?.get(then, values) ?? (isAsked(then) ? earlier?.absent : undefined)
  }
}

function shareOf(part: Amount, whole: Amount): number | null {
  if (part.count === null || part.hidden > 0) return null
  return whole.count === null || whole.hidden > 0 || whole.count === 0 ? null : part.count / whole.count
}

const meanOf = (count: number | null, days: number): number | null =>
  count === null || days === 0 ? null : count / days

/** Many rows share a start, and calendars are slow: 5 µs per call. */
function remember<V>(compute: (key: number) => V): (key: number) => V {
  const known = new Map<number, V>()
  return key => {
    let value = known.get(key)
    if (value === undefined) {
      value = compute(key)
      known.set(key, value)
    }
    return value
  }
}
