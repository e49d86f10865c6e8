import { maxRows, tooManyRows } from './count.ts'
import { groupKey } from './counted.ts'
import { isSlot } from './measures.ts'
import type { Asked } from './question.ts'
import { localHours, slotWord } from './slots.ts'

/** Where each step of a stretch ends. */
const endOf = (starts: readonly number[], step: number, to: number) => starts[step + 1] ?? to

/** Whether anything of a step passes the filter by hour and weekday. */
export function isAskedFor({ zone, slots }: Asked, from: number, to: number): boolean {
  return Object.keys(slots).length === 0 || localHours(zone, from, to, slots).length > 0
}

/**
 * Every step with every group that occurs, and with each of its hours and weekdays where it is asked by them.
 * Throws FLOW_QUERY_TOO_WIDE where these are too many.
 */
export function everyRow(
  asked: Asked,
  stretch: { readonly from: number; readonly to: number; readonly starts: readonly number[] },
  occurring: readonly (readonly string[])[],
): { step: number; values: readonly string[] }[] {
  const { by, zone, slots } = asked
  const bySlot = by.some(isSlot)
  const groups = new Map(
    occurring.map(values => {
      const group = by.map((dimension, index) => (isSlot(dimension) ? '' : values[index]!))
      return [groupKey(group), group]
    }),
  )
  if (by.every(isSlot)) groups.set(groupKey(by.map(() => '')), by.map(() => '')) // biome-ignore format: one line
  const rows: { step: number; values: readonly string[] }[] = []
  for (const [step, start] of stretch.starts.entries()) {
    const from = Math.max(start, stretch.from)
    const to = endOf(stretch.starts, step, stretch.to)
    if (!bySlot && !isAskedFor(asked, from, to)) continue
    const hours = bySlot ? localHours(zone, from, to, slots) : [0]
    for (const group of groups.values()) {
      const told = hours.map(local =>
        by.map((dimension, index) => (isSlot(dimension) ? slotWord(dimension, local) : group[index]!)),
      )
      const distinct = bySlot ? new Map(told.map(values => [groupKey(values), values])).values() : told
      for (const values of distinct) rows.push({ step, values })
    }
    if (rows.length > maxRows) throw tooManyRows()
  }
  return rows
}
