import { dayMs, hourMs } from '../core/clock.ts'
import type { Cell, CellQuery } from '../ingest/store/store.ts'
import { clockStepMs, cutAt, startsOf, stepAt } from './calendar.ts'
import type { CellSource } from './cell-source.ts'
import { type Amount, type Counted, nothing, plus } from './counted.ts'
import { type CountedDimension, type CountedWhere, isSlot, type SlotDimension } from './measures.ts'
import type { Asked } from './question.ts'
import { createRowTable, maxRows, type RowTable, tooManyRows } from './row-table.ts'
import { passes, slotWord } from './slots.ts'
import { type Segment, segmentsOf } from './zone.ts'

/** Counts every event. Throws FLOW_QUERY_TOO_WIDE, and what the source throws. */
export async function countExactly(asked: Asked, source: CellSource): Promise<Counted> {
  const { from, to, zone, every, by, measure, slots } = asked
  const starts = startsOf(zone, every, from, to)
  const grouped = by.filter((dimension): dimension is CountedDimension => !isSlot(dimension))
  const dimensions: CountedDimension[] = measure.isNet ? [...grouped, 'direction'] : grouped
  const { segments, ...cut } = cutOf(asked, starts)
  const isUniform = cut.stepMs !== undefined && cut.foldMs === undefined
  const rows = createRowTable()
  const query = {
    ...(measure.sum === undefined ? {} : { sum: measure.sum }),
    where: narrow(measure.where, asked.filter),
    by: dimensions,
    segments,
    ...cut,
    limit: maxRows + 1,
  }
  let read = 0
  await source.eachCell(query, cell => {
    if (++read > maxRows) throw tooManyRows()
    if (!passes(slots, cell.localStart) || cell.count === 0) return
    const step = stepAt(starts, momentOf(cell, segments[cell.segment]!, isUniform))
    const values = by.map(dimension =>
      isSlot(dimension) ? slotWord(dimension, cell.localStart) : cell.values[grouped.indexOf(dimension)]!,
    )
    const isTaken = measure.isNet && cell.values.at(-1) === 'out'
    rows.add(step, values, { count: isTaken ? -cell.count : cell.count, hidden: 0 })
  })
  return totalled(asked, starts, rows)
}

/** How the store should cut time. Up to a day, its steps give all that is needed of the local clock; for longer steps it folds. */
function cutOf(
  { zone, from, to, every, by, slots }: Asked,
  starts: readonly number[],
): Pick<CellQuery, 'stepMs' | 'foldMs'> & { segments: Segment[] } {
  const needs = (slot: SlotDimension) => by.includes(slot) || slots[slot] !== undefined
  const segments = segmentsOf(zone, from, to)
  const clockMs = clockStepMs(every) ?? (every === '1d' ? dayMs : undefined)
  if (clockMs !== undefined)
    return { segments, stepMs: needs('hour-of-day') ? Math.min(clockMs, hourMs) : clockMs }
  const pieces = cutAt(segments, starts)
  if (needs('hour-of-day'))
    return { segments: pieces, stepMs: hourMs, foldMs: needs('day-of-week') ? 7 * dayMs : dayMs }
  return { segments: pieces, ...(needs('day-of-week') ? { stepMs: dayMs, foldMs: 7 * dayMs } : {}) }
}

/** A moment in a cell. For folded or uncut cells, any moment of the segment will do: it lies in one step. */
const momentOf = ({ localStart }: Cell, { from, offsetMs }: Segment, isUniform: boolean) =>
  isUniform ? Math.max(localStart - offsetMs, from) : from

/** The filter that meets both: a dimension in both keeps only the values in both. */
export function narrow(a: CountedWhere, b: CountedWhere): CountedWhere {
  const both: { [D in CountedDimension]?: readonly string[] } = { ...a }
  for (const [dimension, values] of Object.entries(b) as [CountedDimension, readonly string[]][]) {
    both[dimension] = both[dimension]?.filter(value => values.includes(value)) ?? values
  }
  return both
}

function totalled({ from, to }: Asked, starts: readonly number[], rows: RowTable): Counted {
  const totals = new Map<number, Amount>()
  let total = nothing
  for (const { step, amount } of rows) {
    const known = totals.get(step)
    totals.set(step, known === undefined ? amount : plus(known, amount))
    total = plus(total, amount)
  }
  return {
    from,
    to,
    starts,
    rows,
    absent: nothing,
    stepTotal: step => totals.get(step) ?? nothing,
    total,
  }
}
