import type { Calendar, Occasion } from './calendar.ts'
import { createOffsets } from './offsets.ts'

export const dayTypes = ['workday', 'saturday', 'sunday'] as const
export type DayType = (typeof dayTypes)[number]

/** Where a moment lies in its zone's week. */
export interface LocalSlot {
  /** YYYY-MM-DD. */
  readonly date: string
  /** 0 is Sunday. */
  readonly weekday: number
  /** Of the day by the clock on the wall: on the day that it is set back an hour comes twice. */
  readonly minute: number
  /** A holiday is as a Sunday, a Saturday that is worked as a workday. */
  readonly dayType: DayType
  /** Whether the day is of the type that its weekday has. */
  readonly ordinary: boolean
  /** Declared: whatever is counted then is neither unusual nor learned from. */
  readonly occasion?: string
}

/** A function of time for one zone; remembers the day it was asked for last, so ask in order. */
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
