import { groupKey } from './counted.ts'
import { isSlot } from './measures.ts'
import type { Asked } from './question.ts'
import { maxRows, tooManyRows } from './row-table.ts'
import { localHours, slotWord } from './slots.ts'

/** End of a step in a period that ends at `to`. */
const endOf = (starts: readonly number[], step: number, to: number) => starts[step + 1] ?? to

/** True if any hour of a step passes the filter by hour and weekday. */
export function isAskedFor({ zone, slots }: Asked, from: number, to: number): boolean {
  return Object.keys(slots).length === 0 || localHours(zone, from, to, slots).length > 0
}

/**
 * Every step with every group that occurs, and with each of its hours and weekdays if the query groups by them. Throws
 * FLOW_QUERY_TOO_WIDE before the first row if there are too many.
 */
export function* everyRow(
  asked: Asked,
  stretch: { readonly from: number; readonly to: number; readonly starts: readonly number[] },
  occurring: readonly (readonly string[])[],
): Generator<{ step: number; values: readonly string[] }> {
  const { by, zone, slots } = asked
  const bySlot = by.some(isSlot)
  const groups = new Map(
    occurring.map(values => {
      const group = by.map((dimension, index) => (isSlot(dimension) ? '' : values[index]!))
      return [groupKey(group), group]
    }),
  )
  if (by.every(isSlot)) groups.set(groupKey(by.map(() => '')), by.map(() => '')) // biome-ignore format: one line
  /** Local hours of a step, one per combination of slot words; undefined or empty if the filter excludes the step. */
  const hoursOf = (step: number, start: number): readonly number[] | undefined => {
    const from = Math.max(start, stretch.from)
    const to = endOf(stretch.starts, step, stretch.to)
    if (!bySlot) return isAskedFor(asked, from, to) ? [0] : undefined
    return distinct(localHours(zone, from, to, slots), local =>
      by.map(dimension => (isSlot(dimension) ? slotWord(dimension, local) : '')).join(' '),
    )
  }
  let most = 0
  for (const [step, start] of stretch.starts.entries()) {
    most += (hoursOf(step, start)?.length ?? 0) * groups.size
    if (most > maxRows) throw tooManyRows()
  }
  for (const [step, start] of stretch.starts.entries())
    for (const local of hoursOf(step, start) ?? [])
      for (const group of groups.values())
        yield { step, values: by.map((dimension, index) => (isSlot(dimension) ? slotWord(dimension, local) : group[index]!)) } // biome-ignore format: one line
}

/** The first hour for each word. */
function distinct(hours: readonly number[], wordOf: (hour: number) => string): number[] {
  return [...new Map(hours.toReversed().map(hour => [wordOf(hour), hour])).values()].reverse()
}
