import { LintelError, messageOf } from '../../core/errors.ts'
import { type Calendar, noCalendar, parseCalendar } from '../calendar/calendar.ts'
import { type RuleSettings, readSettings } from './rule-settings.ts'

/** Content of a rules file: `rules` and `sites` (`parseRules`), and `calendar` (`parseCalendar`). */
export type RulesDocument = Readonly<Record<string, unknown>>

export interface RulesMeaning {
  readonly settings: RuleSettings
  /** Declared days, in addition to the calendar of a place's zone. */
  readonly calendar: Calendar
}

/** Throws RULES_INVALID with one line per problem. */
export function parseDocument(value: unknown): RulesMeaning {
  const { problems, ...meaning } = readDocument(value)
  if (problems.length > 0) throw new LintelError('RULES_INVALID', problems.join('\n'))
  return meaning
}

/** Like `parseDocument`, but returns the problems and ignores what is invalid. A calendar is valid as a whole or not at all. */
export function readDocument(value: unknown): RulesMeaning & { readonly problems: readonly string[] } {
  const { settings, problems } = readSettings(value)
  const { calendar } = Object(value) as { calendar?: unknown }
  if (calendar === undefined || calendar === null) return { settings, problems, calendar: noCalendar }
  try {
    return { settings, problems, calendar: parseCalendar(calendar, 'calendar') }
  } catch (error) {
    return { settings, problems: [...problems, messageOf(error)], calendar: noCalendar }
  }
}

/** One difference between two documents. */
export interface RulesChange {
  /** For example `sites`, `nanshe`, `points`, `b01/d01`, `door-held`, `heldS`. */
  readonly path: readonly string[]
  /** Absent if it was not set before, or is not set any more. */
  readonly before?: unknown
  readonly after?: unknown
}

/** Differences by parameter, removed ones first. */
export function changesBetween(before: RulesDocument, after: RulesDocument): RulesChange[] {
  const [old, next] = [leavesOf(before), leavesOf(after)]
  const gone = [...old]
    .filter(([key]) => !next.has(key))
    .map(([, { path, value }]) => ({ path, before: value }))
  const changed = [...next].flatMap(([key, { path, value }]) => {
    const known = old.get(key)
    if (known === undefined) return [{ path, after: value }]
    if (JSON.stringify(known.value) === JSON.stringify(value)) return []
    return [{ path, before: known.value, after: value }]
  })
  return [...gone, ...changed]
}

type Leaves = Map<string, { path: readonly string[]; value: unknown }>

function leavesOf(value: unknown, path: readonly string[] = [], found: Leaves = new Map()): Leaves {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    for (const [name, part] of Object.entries(value)) leavesOf(part, [...path, name], found)
  else if (value !== null && value !== undefined) found.set(JSON.stringify(path), { path, value })
  return found
}
