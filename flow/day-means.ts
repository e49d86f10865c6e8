import { startsOf, stepAt } from './calendar.ts'
import type { Counted } from './counted.ts'
import type { Asked } from './question.ts'
import { zonedAt } from './zone.ts'

/** Number of days in a row: those of its step or, if rows are by weekday, those of its weekday in it. */
export function createDayCounts(
  { zone, by, slots }: Pick<Asked, 'zone' | 'by' | 'slots'>,
  { from, to, starts }: Pick<Counted, 'from' | 'to' | 'starts'>,
): (step: number, values: readonly string[]) => number {
  const weekdayAt = by.indexOf('day-of-week')
  const all = starts.map(() => 0)
  const ofWeekday = starts.map(() => new Map<string, number>())
  for (const day of from < to ? startsOf(zone, '1d', from, to) : []) {
    const weekday = String(zonedAt(zone, day).dayOfWeek)
    if (slots['day-of-week']?.includes(weekday) === false) continue
    const step = stepAt(starts, day)
    all[step]!++
    ofWeekday[step]!.set(weekday, (ofWeekday[step]!.get(weekday) ?? 0) + 1)
  }
  return (step, values) => (weekdayAt < 0 ? all[step]! : (ofWeekday[step]!.get(values[weekdayAt]!) ?? 0))
}
