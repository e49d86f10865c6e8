import { dayMs, hourMs } from '../core/clock.ts'
import type { SlotDimension } from './measures.ts'
import { segmentsOf } from './zone.ts'

/** Hours of the local day and days of the local week, as they are told: '00' to '23', and '1' for Monday to '7'. */
const modulo = (n: number, by: number) => ((n % by) + by) % by
const hourOf = (localMs: number) => modulo(Math.floor(localMs / hourMs), 24)
/** 1 January 1970 was a Thursday. */
const weekdayOf = (localMs: number) => modulo(Math.floor(localMs / dayMs) + 3, 7) + 1

export const slotWord = (slot: SlotDimension, localMs: number): string =>
  slot === 'hour-of-day' ? String(hourOf(localMs)).padStart(2, '0') : String(weekdayOf(localMs))

/** The word for what a person wrote, `7` for `07`; undefined for what is none. */
export function readSlot(slot: SlotDimension, text: string): string | undefined {
  if (!/^\d{1,2}$/.test(text)) return undefined
  const n = Number(text)
  if (slot === 'hour-of-day') return n < 24 ? String(n).padStart(2, '0') : undefined
  return n >= 1 && n <= 7 ? String(n) : undefined
}

/** Only these hours and days; all of them where one is absent. */
export type SlotFilter = { readonly [S in SlotDimension]?: readonly string[] }

export const passes = (filter: SlotFilter, localMs: number): boolean =>
  (Object.entries(filter) as [SlotDimension, readonly string[]][]).every(([slot, words]) =>
    words.includes(slotWord(slot, localMs)),
  )

/** Local starts of the hours that [from, to) reaches into and that pass; of a week of them at most, as they then come again. */
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
