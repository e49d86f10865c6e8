import { dayMs, hourMs, minuteMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import { isZone } from '../core/zone.ts'
import { type Cell, type CellQuery, type Dimension, dimensions, type Store } from '../ingest/store/store.ts'
import { formatLocal, parseMoment, type Segment, segmentsOf, startOfLocalDay } from './zone.ts'

/** What can be asked for: rows of one kind that meet a condition. */
const measures = {
  passages: { kind: 'passage', where: { result: ['granted'] } },
  denied: { kind: 'passage', where: { result: ['denied'] } },
  vehicles: { kind: 'vehicle', where: {} },
  /** On pictures: a person on two of them counts twice, and one whom the model missed not at all. */
  people: { kind: 'sighting', where: { outcome: ['seen'] }, sum: 'person' },
  /** Pictures by what became of them: what `people` was counted on. */
  pictures: { kind: 'sighting', where: {} },
} as const satisfies Record<string, Pick<CellQuery, 'kind' | 'where' | 'sum'>>
export type Measure = keyof typeof measures
export const measureNames = Object.keys(measures) as Measure[]

const steps = { '15m': 15 * minuteMs, '1h': hourMs, '1d': dayMs } as const
export type Step = keyof typeof steps
export const stepNames = Object.keys(steps) as Step[]

const kindDimensions: Record<CellQuery['kind'], readonly Dimension[]> = {
  passage: ['direction', 'result', 'method', 'holder', 'reason'],
  vehicle: ['direction', 'class', 'lane'],
  sighting: ['outcome'],
}

/** A question as it is asked: texts, not yet checked. */
export interface FlowQuestion {
  readonly measure: string
  readonly from: string
  /** Not included. */
  readonly to: string
  readonly every: string
  readonly by: readonly string[]
  readonly zone: string
}

export interface FlowRow {
  /** Start of the step, RFC 3339 with the zone's offset. */
  readonly start: string
  readonly values: readonly string[]
  readonly count: number
}

export interface FlowAnswer {
  readonly measure: Measure
  readonly from: string
  readonly to: string
  readonly every: Step
  readonly zone: string
  readonly by: readonly Dimension[]
  /** In order of time, then of values. Steps in which nothing happened are left out. */
  readonly rows: readonly FlowRow[]
  readonly total: number
}

/** A question whose answer could have more rows than that has to be asked in parts. */
export const maxRows = 1_000_000
/** Nobody has older events; and each change of a zone's offset costs. */
const maxRangeMs = 100 * 366 * dayMs

/** Throws FLOW_QUERY_INVALID, naming the part that is wrong, or FLOW_QUERY_TOO_WIDE; what the store throws. */
export async function answerFlow(question: FlowQuestion, store: Store): Promise<FlowAnswer> {
  const { measure, every, zone, by, from, to } = checkQuestion(question)
  const counted: Pick<CellQuery, 'kind' | 'where' | 'sum'> = measures[measure]
  const stepMs = steps[every]
  const tooWide = (reason: string) => new LintelError('FLOW_QUERY_TOO_WIDE', reason)
  if (to - from > maxRangeMs) throw tooWide('from and to are more than 100 years apart')
  const segments = segmentsOf(zone, from, to)
  const cells = await store.cells({ ...counted, segments, stepMs, by, limit: maxRows + 1 })
  if (cells.length > maxRows) {
    throw tooWide(`the answer has more than ${maxRows} rows: ask for less time, or longer steps`)
  }
  const rows = merge(cells, cell => startOf(cell, segments[cell.segment]!, zone, stepMs))
  const format = remember((ms: number) => formatLocal(zone, ms))
  return {
    measure,
    every,
    zone,
    by,
    from: formatLocal(zone, from),
    to: formatLocal(zone, to),
    rows: rows.map(({ start, values, count }) => ({ start: format(start), values, count })),
    total: rows.reduce((sum, { count }) => sum + count, 0),
  }
}

/** A step that the clock was set within begins, for what came after, when it was set. */
function startOf({ localStart }: Cell, { offsetMs, since }: Segment, zone: string, stepMs: number): number {
  if (stepMs >= dayMs) return startOfLocalDay(zone, localStart)
  return Math.max(localStart - offsetMs, since ?? Number.NEGATIVE_INFINITY)
}

/** Many rows share a start, and calendars are slow: 5 µs a time. */
function remember<V>(compute: (key: number) => V): (key: number) => V {
  const known = new Map<number, V>()
  return key => {
    let value = known.get(key)
    if (value === undefined) {
      value = compute(key)
      known.set(key, value)
    }
    return value
  }
}

/** A local day in which the clock was set lies in two segments. */
function merge(cells: readonly Cell[], start: (cell: Cell) => number) {
  const merged = new Map<string, { start: number; values: readonly string[]; count: number }>()
  const starts = new Map<string, number>()
  for (const cell of cells) {
    const where = `${cell.segment} ${cell.localStart}`
    const at = starts.get(where) ?? start(cell)
    starts.set(where, at)
    const key = JSON.stringify([at, ...cell.values])
    const row = merged.get(key)
    if (row === undefined) merged.set(key, { start: at, values: cell.values, count: cell.count })
    else row.count += cell.count
  }
  return [...merged.values()].sort((a, b) => a.start - b.start || compare(a.values, b.values))
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}

function checkQuestion(question: FlowQuestion) {
  const wrong = (reason: string) => new LintelError('FLOW_QUERY_INVALID', reason)
  const { zone } = question
  const measure = question.measure as Measure
  if (!measureNames.includes(measure)) throw wrong(`measure must be one of ${measureNames.join(', ')}`)
  const every = question.every as Step
  if (!stepNames.includes(every)) throw wrong(`every must be one of ${stepNames.join(', ')}`)
  if (!isZone(zone))
    throw wrong(`zone must be an IANA time zone such as Asia/Shanghai, not "${zone.slice(0, 64)}"`)
  const from = parseMoment(question.from, zone)
  const to = parseMoment(question.to, zone)
  const shape = 'a date or a time such as 2026-11-21 or 2026-11-21T08:00:00+08:00'
  if (Number.isNaN(from)) throw wrong(`from must be ${shape}`)
  if (Number.isNaN(to)) throw wrong(`to must be ${shape}`)
  if (from >= to) throw wrong('from must be before to')
  const allowed = [...dimensions].filter(
    dimension =>
      ['site', 'building', 'point', 'device'].includes(dimension) ||
      kindDimensions[measures[measure].kind].includes(dimension),
  )
  const by = question.by as Dimension[]
  for (const dimension of by) {
    if (!allowed.includes(dimension))
      throw wrong(`by may hold ${allowed.join(', ')} for ${measure}, not "${String(dimension).slice(0, 32)}"`)
  }
  if (new Set(by).size < by.length) throw wrong('by names a dimension twice')
  return { measure, every, zone, by, from, to }
}
