import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { objectKinds } from '../../core/words.ts'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { CellQuery, Dimension } from './store.ts'

/**
 * Counts per quarter of an hour, kept beside the rows: a year of a town by day then reads a hundredth of the series
 * (0.13 s instead of 3.2, for two million passages at 300 doors). Quarters, because the days of every zone consist of
 * whole ones. No sums per day, which would need another measurement for each zone, to turn 0.13 s into 0.04. Only site,
 * building and the most queried words are tags: with all tags, each row would have its own row in the summary.
 */
export const quarterMs = 15 * minuteMs
/** A day may be summed once it has been over for this long; most late records have arrived by then. */
export const settledMs = hourMs

export type SummedKind = CellQuery['kind']

interface Plan {
  readonly tags: readonly Dimension[]
  /** Members that are added up, and counted where present. */
  readonly sums: readonly NonNullable<CellQuery['sum']>[]
}

const plans: Readonly<Record<SummedKind, Plan>> = {
  passage: { tags: ['site', 'building', 'direction', 'result'], sums: [] },
  vehicle: { tags: ['site', 'building', 'direction', 'class'], sums: [] },
  sighting: { tags: ['site', 'building', 'outcome'], sums: objectKinds },
  door: { tags: ['site', 'building', 'state'], sums: ['openMs'] },
}

export const summedKinds = Object.keys(plans) as SummedKind[]
export const isSummed = (kind: StoredKind): kind is SummedKind => kind in plans
export const summaryOf = (kind: SummedKind) => `${kind}_15m`
const rowsOf = (sum: string) => `${sum}_n`

/** Statement by which the server sums up [from, to); it answers once it is done. */
export function sumStatement(kind: SummedKind, from: number, to: number): string {
  const { tags, sums } = plans[kind]
  const fields = [
    'count("n") AS "n"',
    ...sums.flatMap(sum => [`sum("${sum}") AS "${sum}"`, `count("${sum}") AS "${rowsOf(sum)}"`]),
  ]
  const groups = [`time(${quarterMs}ms)`, ...tags.map(tag => `"${tag}"`)]
  return `SELECT ${fields.join(', ')} INTO "${summaryOf(kind)}" FROM "${kind}" WHERE time >= ${from}ms AND time < ${to}ms GROUP BY ${groups.join(', ')} fill(none)`
}

/** A measurement to read cells from. */
export interface CellSource {
  readonly measurement: string
  /** Expression for the count, followed by one for the rows if they differ. */
  readonly counted: string
}

export function summarySource({ kind, sum }: CellQuery): CellSource {
  const counted = sum === undefined ? 'sum("n")' : `sum("${sum}"), sum("${rowsOf(sum)}")`
  return { measurement: summaryOf(kind), counted }
}

/** True if quarters of an hour can answer the query: it uses only their tags, and no step cuts a quarter. */
export function isAnswerable({ kind, sum, stepMs, by, where, segments }: CellQuery): boolean {
  const { tags, sums } = plans[kind]
  const asked = [...by, ...(Object.keys(where) as Dimension[])]
  const isWhole = (ms: number) => ms % quarterMs === 0
  return (
    asked.every(dimension => tags.includes(dimension)) &&
    (sum === undefined || sums.includes(sum)) &&
    (stepMs === undefined || (isWhole(stepMs) && segments.every(({ offsetMs }) => isWhole(offsetMs))))
  )
}

export interface Piece {
  readonly from: number
  readonly to: number
  /** True if the summary answers it. */
  readonly summed: boolean
}

/** Cuts [from, to) into parts in summed days, by whole quarters, and the rest. `days` are starts of UTC days, in order. */
export function piecesOf(from: number, to: number, days: readonly number[]): Piece[] {
  const first = Math.ceil(from / quarterMs) * quarterMs
  const last = Math.floor(to / quarterMs) * quarterMs
  const pieces: Piece[] = []
  let end = from
  const add = (piece: Piece) => {
    const before = pieces.at(-1)
    if (before?.summed && piece.summed && before.to === piece.from)
      pieces[pieces.length - 1] = { ...before, to: piece.to }
    else if (piece.from < piece.to) pieces.push(piece)
    end = piece.to
  }
  for (const day of days) {
    const [begin, stop] = [Math.max(day, first), Math.min(day + dayMs, last)]
    if (begin >= stop) continue
    if (end < begin) add({ from: end, to: begin, summed: false })
    add({ from: begin, to: stop, summed: true })
  }
  if (end < to) add({ from: end, to, summed: false })
  return pieces
}
