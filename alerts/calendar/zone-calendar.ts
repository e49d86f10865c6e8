import { type Calendar, noCalendar } from './calendar.ts'
import { chinaCalendar, chinaZones } from './china.ts'

/** The public calendar of a zone (China's in Chinese zones) combined with the declared one, which wins for each date it names. */
export function calendarIn(zone: string, declared: Calendar = noCalendar): Calendar {
  const usual = chinaZones.includes(zone) ? chinaCalendar : noCalendar
  const isDeclared = (date: string) => declared.holidays.has(date) || declared.workdays.has(date)
  const both = (usual: ReadonlySet<string>, declared: ReadonlySet<string>) =>
    new Set([...[...usual].filter(date => !isDeclared(date)), ...declared])
  return {
    holidays: both(usual.holidays, declared.holidays),
    workdays: both(usual.workdays, declared.workdays),
    occasions: [...usual.occasions, ...declared.occasions],
  }
}
