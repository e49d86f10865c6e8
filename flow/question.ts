import { LintelError } from '../core/errors.ts'
import { isZone } from '../core/zone.ts'
import { assertAskable, type Comparison, clockStepMs, comparisons, type Step, stepNames } from './calendar.ts'
import {
  type CountedDimension,
  type CountedWhere,
  dimensionsOf,
  type FlowDimension,
  isSlot,
  type Measure,
  type MeasureName,
  measureNames,
  measureOf,
  type SlotDimension,
  wordsOf,
} from './measures.ts'
import { withPlaces } from './place-names.ts'
import { readSlot, type SlotFilter } from './slots.ts'
import { parseMoment, startOfDayIn } from './zone.ts'

/** A query: texts that have not been checked. */
export interface FlowQuestion {
  readonly measure: string
  readonly from: string
  /** Exclusive. */
  readonly to: string
  /** `1h` if left out; `all` if the query is by hour of day or day of week. */
  readonly every?: string | undefined
  /** A building comes with its site, a point with its site and building, a lane with its point. */
  readonly by: readonly string[]
  /** The service's zone if left out. */
  readonly zone?: string | undefined
  /** Only what has one of these values in each dimension given. */
  readonly where?: Readonly<Record<string, readonly string[]>> | undefined
  /** `none`, the default, omits rows where nothing happened; `zero` has a row for each step and group. */
  readonly fill?: string | undefined
  /** `previous`, `1d`, `1w`, `1M` or `1y`: the earlier period to compare with. */
  readonly compare?: string | undefined
  /** Only this many groups, those with the most. */
  readonly top?: number | undefined
  /** Adds each row's share of its step. */
  readonly share?: boolean | undefined
  /** Adds each row's mean per day, over the days that are over; `from` and `to` must then be starts of days. */
  readonly mean?: boolean | undefined
}

/** With a zone, whether given or the default. */
export type ZonedQuestion = FlowQuestion & { readonly zone: string }

/** A checked query that can be answered. */
export interface Asked {
  readonly name: MeasureName
  readonly measure: Measure
  readonly from: number
  readonly to: number
  readonly every: Step
  readonly zone: string
  /** The dimensions of rows, including places that make names unique, such as a building's site. */
  readonly by: readonly FlowDimension[]
  /** As given, with slots in their standard form. */
  readonly where: Readonly<Record<string, readonly string[]>>
  /** The part of it that a store handles; without the measure's own conditions. */
  readonly filter: CountedWhere
  readonly slots: SlotFilter
  readonly isFilled: boolean
  readonly compare: Comparison | undefined
  readonly top: number | undefined
  /** True if hours and weekdays are groups of their own, because the query has no other dimension. */
  readonly ranksSlots: boolean
  readonly share: boolean
  readonly mean: boolean
}

const maxValues = 500
const maxTop = 1000

const wrong = (reason: string) => new LintelError('FLOW_QUERY_INVALID', reason)

/** Throws FLOW_QUERY_INVALID, naming the wrong part, or FLOW_QUERY_TOO_WIDE. */
export function checkQuestion(question: ZonedQuestion): Asked {
  const { zone, share = false, mean = false } = question
  const name = oneOf('measure', measureNames, question.measure)
  const measure = measureOf(name)
  if (!isZone(zone))
    throw wrong(`zone must be an IANA time zone such as Asia/Shanghai, not "${zone.slice(0, 64)}"`)
  const [from, to] = checkRange(question)
  const by = checkBy(question.by, name)
  const every = oneOf('every', stepNames, question.every ?? (by.some(isSlot) ? 'all' : '1h'))
  checkSlots(by, every)
  const { top } = question
  if (top !== undefined) {
    if (!Number.isInteger(top) || top < 1 || top > maxTop)
      throw wrong(`top must be a number from 1 to ${maxTop}`)
    if (by.length === 0) throw wrong('top needs by: it says of what')
  }
  if (share && measure.isNet) throw wrong(`share is not to be had of ${name}, which may be below 0`)
  const compare = question.compare && oneOf('compare', comparisons, question.compare)
  assertAskable(every, from, to)
  if (mean) checkDays(zone, every, from, to)
  const where = checkWhere(question.where ?? {}, name)
  return {
    name, measure, from, to, every, zone, top, share, mean, ...where,
    by: withPlaces(by, where.filter),
    ranksSlots: by.every(isSlot),
    isFilled: oneOf('fill', ['none', 'zero'], question.fill ?? 'none') === 'zero',
    compare: compare || undefined,
  } // biome-ignore format: parts
}

function oneOf<T extends string>(part: string, words: readonly T[], given: string): T {
  if ((words as readonly string[]).includes(given)) return given as T
  throw wrong(`${part} must be one of ${words.join(', ')}`)
}

function checkRange({ from, to, zone }: ZonedQuestion): [from: number, to: number] {
  const range = [parseMoment(from, zone), parseMoment(to, zone)] as [number, number]
  const shape = 'a date or a time such as 2026-11-21 or 2026-11-21T08:00:00+08:00'
  if (Number.isNaN(range[0])) throw wrong(`from must be ${shape}`)
  if (Number.isNaN(range[1])) throw wrong(`to must be ${shape}`)
  if (range[0] >= range[1]) throw wrong('from must be before to')
  return range
}

function checkDays(zone: string, every: Step, from: number, to: number): void {
  if (clockStepMs(every) !== undefined)
    throw wrong('mean is of days: it goes with steps of 1d and longer, or all')
  const startOfDay = startOfDayIn(zone)
  if (startOfDay(from) !== from || startOfDay(to) !== to)
    throw wrong('mean is of whole days: from and to must be the beginnings of days')
}

function checkBy(by: readonly string[], name: MeasureName): FlowDimension[] {
  if (new Set(by).size < by.length) throw wrong('by names a dimension twice')
  return by.map(dimension => checkDimension('by', dimension, name))
}

function checkDimension(part: string, dimension: string, name: MeasureName): FlowDimension {
  const allowed = dimensionsOf(measureOf(name))
  if ((allowed as readonly string[]).includes(dimension)) return dimension as FlowDimension
  throw wrong(`${part} may hold ${allowed.join(', ')} for ${name}, not "${String(dimension).slice(0, 32)}"`)
}

/** A short step lies in one hour, which the row's start already shows. */
function checkSlots(by: readonly FlowDimension[], every: Step): void {
  const isShort = clockStepMs(every) !== undefined
  if (by.includes('hour-of-day') && isShort)
    throw wrong(
      `by hour-of-day goes with steps of 1d and longer, or all: in steps of ${every} start tells it`,
    )
  if (by.includes('day-of-week') && (isShort || every === '1d'))
    throw wrong(
      `by day-of-week goes with steps of 1w and longer, or all: in steps of ${every} start tells it`,
    )
}

function checkWhere(where: Readonly<Record<string, readonly string[]>>, name: MeasureName) {
  const filter: { [D in CountedDimension]?: readonly string[] } = {}
  const slots: { [S in SlotDimension]?: readonly string[] } = {}
  for (const [key, values] of Object.entries(where)) {
    const dimension = checkDimension('where', key, name)
    if (values.length === 0 || values.length > maxValues)
      throw wrong(`where ${dimension} must have 1 to ${maxValues} values`)
    if (isSlot(dimension)) slots[dimension] = values.map(value => checkSlot(dimension, value))
    else filter[dimension] = values.map(value => checkValue(dimension, value, name))
  }
  return { filter, slots, where: { ...filter, ...slots } as Readonly<Record<string, readonly string[]>> }
}

function checkSlot(slot: SlotDimension, value: string): string {
  const word = readSlot(slot, value)
  if (word !== undefined) return word
  throw wrong(slot === 'hour-of-day' ? 'hour-of-day must be 0 to 23' : 'day-of-week must be 1 (Monday) to 7')
}

function checkValue(dimension: CountedDimension, value: string, name: MeasureName): string {
  if (value.length > 256) throw wrong(`where ${dimension} has a value of more than 256 characters`)
  const words = wordsOf(measureOf(name), dimension)
  if (words === undefined || words.includes(value)) return value
  const known = words.map(word => word || '(nothing)').join(', ')
  throw wrong(`${dimension} must be among ${known}, not "${value.slice(0, 32)}"`)
}
