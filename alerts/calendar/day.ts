import type { Calendar, Occasion } from './calendar.ts'
import { createOffsets } from './offsets.ts'

export const dayTypes = ['workday', 'saturday', 'sunday'] as const
export type DayType = (typeof dayTypes)[number]

/** A moment's position in the week of its zone. */
export interface LocalSlot {
  /** YYYY-MM-DD. */
  readonly date: string
  /** 0 is Sunday. */
  readonly weekday: number
  /** Minute of the day by the wall clock; when clocks are set back, one hour occurs twice. */
  readonly minute: number
  /** A holiday counts as a Sunday, a weekend day that is worked as a workday. */
  readonly dayType: DayType
  /** True if the day's type is the usual one for its weekday, and the day is no holiday. */
  readonly ordinary: boolean
  /** Name of a declared occasion: counts during it are neither judged unusual nor learned from. */
  readonly occasion?: string
}

/** Slots of one zone. Caches the last day asked for, so callers should ask in time order. */
export function createSlots(zone: string, calendar: Calendar): (at: number) => LocalSlot {
  const offsetAt = createOffsets(zone)
  let day: Pick<LocalSlot, 'date' | 'weekday' | 'dayType' | 'ordinary'> | undefined
  let dayNumber: number | undefined

  return at => {
    const local = at + offsetAt(at)
    const number = Math.floor(local / 86_400_000)
    if (day === undefined || number !== dayNumber) {
      dayNumber = number
      day = dayOf(number, calendar)
    }
    const occasion = occasionAt(calendar, local)
    return {
      ...day,
      minute: Math.floor((local - number * 86_400_000) / 60_000),
      ...(occasion === undefined ? {} : { occasion: occasion.name }),
    }
  }
}

function dayOf(number: number, { holidays, workdays }: Calendar) {
  const date = new Date(number * 86_400_000)
  const text = date.toISOString().slice(0, 10)
  const weekday = date.getUTCDay()
  const usual: DayType = weekday === 0 ? 'sunday' : weekday === 6 ? 'saturday' : 'workday'
  const dayType = holidays.has(text) ? 'sunday' : workdays.has(text) ? 'workday' : usual
  return { date: text, weekday, dayType, ordinary: !holidays.has(text) && dayType === usual }
}

const occasionAt = ({ occasions }: Calendar, local: number): Occasion | undefined =>
  occasions.find(({ from, to }) => local >= from && local < to)
