import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { LintelError } from '../../core/errors.ts'
import { allErrors, formOf } from '../../core/schema-errors.ts'

/** Days and times that differ from what the weekday suggests. */
export interface Calendar {
  /** Dates, YYYY-MM-DD. */
  readonly holidays: ReadonlySet<string>
  readonly workdays: ReadonlySet<string>
  readonly occasions: readonly Occasion[]
}

/** A fair, a fire drill or a move: nobody needs to be told of unusual flow then. Local times, as epoch ms as if the zone were UTC. */
export interface Occasion {
  readonly name: string
  readonly from: number
  readonly to: number
}

export const noCalendar: Calendar = { holidays: new Set(), workdays: new Set(), occasions: [] }

const day = '\\d{4}-\\d{2}-\\d{2}'
const Dates = Type.Array(
  Type.String({ pattern: `^${day}(/${day})?$`, form: 'YYYY-MM-DD, or FIRST/LAST of these' }),
)
const File = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    note: Type.Optional(Type.String()),
    holidays: Type.Optional(Type.Record(Type.String(), Dates)),
    workdays: Type.Optional(Dates),
    occasions: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1 }), from: Type.String(), to: Type.String() },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  { additionalProperties: false },
)
const validator = Compile(File)

/** Ten years in days; a longer range is most likely a mistyped year. */
const mostDays = 3660

/**
 * Reads a calendar file: `holidays` by name and `workdays`, each a date or `FIRST/LAST`, and `occasions` with local
 * times from and to. Throws CONFIG_INVALID with one line per problem.
 */
export function parseCalendar(value: unknown, name: string): Calendar {
  const problems: string[] = []
  if (!validator.Check(value)) {
    for (const { keyword, instancePath, message, schemaPath } of allErrors(validator, value))
      problems.push(`${instancePath.slice(1).replaceAll('/', '.') || 'the file'}: ${formOf(File, keyword, schemaPath) ?? message}`) // biome-ignore format: one thing
    throw new LintelError('CONFIG_INVALID', problems.map(problem => `${name}: ${problem}`).join('\n'))
  }
  const holidays = new Set<string>()
  const workdays = new Set<string>()
  const addAll = (to: Set<string>, texts: readonly string[], where: string) => {
    for (const text of texts) {
      const dates = datesOf(text)
      if (dates.length === 0) problems.push(`${where}: "${text}" is no date, and no first and last one`)
      for (const date of dates) to.add(date)
    }
  }
  for (const [holiday, texts] of Object.entries(value.holidays ?? {}))
    addAll(holidays, texts, `holidays.${holiday}`)
  addAll(workdays, value.workdays ?? [], 'workdays')
  for (const date of workdays)
    if (holidays.has(date)) problems.push(`${date} is both a holiday and a workday`)
  const occasions = (value.occasions ?? []).map(({ name: occasion, from, to }, index) => {
    const [begin, end] = [localMoment(from), localMoment(to)]
    if (!(begin < end))
      problems.push(`occasions.${index}: from and to must be local times in order, such as 2026-11-21T08:00`)
    return { name: occasion, from: begin, to: end }
  })
  if (problems.length > 0)
    throw new LintelError('CONFIG_INVALID', problems.map(problem => `${name}: ${problem}`).join('\n'))
  return { holidays, workdays, occasions }
}

/** Expands a date or `FIRST/LAST` to dates; empty if it is neither. */
function datesOf(text: string): string[] {
  const [first = '', last = first] = text.split('/')
  const [from, to] = [localMoment(first), localMoment(last)]
  const days = (to - from) / 86_400_000 + 1
  if (!(days >= 1 && days <= mostDays)) return []
  return Array.from({ length: days }, (_, index) => dateText(from + index * 86_400_000))
}

const dateText = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** Epoch ms as if the zone were UTC; NaN for a date that does not exist, such as 30 February. */
function localMoment(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d))?$/.exec(text)
  if (match === null) return Number.NaN
  const midnight = Date.parse(`${match[1]}T00:00:00Z`)
  if (Number.isNaN(midnight) || dateText(midnight) !== match[1]) return Number.NaN
  return midnight + (Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)) * 60_000
}
