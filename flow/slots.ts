import { dayMs, hourMs } from '../core/clock.ts'
import type { SlotDimension } from './measures.ts'
import { segmentsOf } from './zone.ts'

/** Words for hours of the local day, '00' to '23', and for days of the local week, '1' (Monday) to '7'. */
const modulo = (n: number, by: number) => ((n % by) + by) % by
const hourOf = (localMs: number) => modulo(Math.floor(localMs / hourMs), 24)
/** 1 January 1970 was a Thursday. */
const weekdayOf = (localMs: number) => modulo(Math.floor(localMs / dayMs) + 3, 7) + 1

export const slotWord = (slot: SlotDimension, localMs: number): string =>
  slot === 'hour-of-day' ? String(hourOf(localMs)).padStart(2, '0') : String(weekdayOf(localMs))

/** The word for what a person typed, `07` for `7`; undefined if it is not one. */
export function readSlot(slot: SlotDimension, text: string): string | undefined {
  if (!/^\d{1,2}$/.test(text)) return undefined
  const n = Number(text)
  if (slot === 'hour-of-day') return n < 24 ? String(n).padStart(2, '0') : undefined
  return n >= 1 && n <= 7 ? String(n) : undefined
}

/** Only these hours and days; an absent member allows all of them. */
export type SlotFilter = { readonly [S in SlotDimension]?: readonly string[] }

export const passes = (filter: SlotFilter, localMs: number): boolean =>
  (Object.entries(filter) as [SlotDimension, readonly string[]][]).every(([slot, words]) =>
    words.includes(slotWord(slot, localMs)),
  )

/** Local starts of the hours that overlap [from, to) and pass the filter; of eight days at most: a week repeats. */
export function localHours(zone: string, from: number, to: number, filter: SlotFilter): number[] {
  const end = Math.min(to, from + 8 * dayMs)
  return segmentsOf(zone, from, end).flatMap(({ from: first, to: last, offsetMs }) => {
    const start = Math.floor((first + offsetMs) / hourMs) * hourMs
    const hours = Array.from(
      { length: Math.ceil((last + offsetMs - start) / hourMs) },
      (_, i) => start + i * hourMs,
    )
    return hours.filter(local => passes(filter, local))
  })
}
