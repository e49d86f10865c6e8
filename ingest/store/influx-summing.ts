import { type Clock, dayMs } from '../../core/clock.ts'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import { createSummedDays, dayOf } from './influx-days.ts'
import type { Note } from './influx-notes.ts'
import type { InfluxServer } from './influx-server.ts'
import {
  isAnswerable,
  isSummed,
  piecesOf,
  type SummedKind,
  settledMs,
  summaryOf,
  summedKinds,
  sumStatement,
} from './influx-summaries.ts'
import type { CellQuery, Expiry, PlaceFilter, Row } from './store.ts'

export interface SplitQuery {
  readonly query: CellQuery
  readonly summed: boolean
  /** For each segment, the segment of the original query it is part of. */
  readonly segments: readonly number[]
}

export interface Summing {
  /** Splits a query into parts for the rows, and for the sums. */
  split(query: CellQuery): Promise<SplitQuery[]>
  /** Announces a query that reads sums; none are removed until it ends. */
  reading(work: Promise<unknown>): void
  /** Call before rows are written. */
  touch(rows: readonly Row[]): Promise<void>
  /** Call before all rows of a kind before that time are deleted: their sums stay. */
  beforeExpiry(kind: StoredKind, before: number): Promise<void>
  /** Call before rows of a place are deleted: their sums are deleted, too. */
  beforeErasure(expiry: Expiry): Promise<void>
  /** Sums one day of one kind; resolves to the number of days: 0 if nothing is left to do. */
  update(): Promise<number>
  /** Time from which all rows of a kind exist; undefined if nothing is summed. */
  rowsSince(kind: SummedKind): Promise<number | undefined>
  /** Deletes sums of the time before that. */
  expire(before: number): Promise<void>
  reset(): void
}

/**
 * Keeps counts per quarter of an hour that always agree with the rows: a day counts as summed from when its sums are
 * complete until one of its rows is about to be written. Version 1 only: the others are untested.
 */
export function createSumming(
  server: Pick<InfluxServer, 'ask' | 'remove' | 'version'>,
  note: Note,
  clock: Clock,
): Summing {
  const { ask, remove, version } = server
  const days = createSummedDays(server, note)
  const readers = new Set<Promise<unknown>>()
  const isOn = async () => (await version()) === 1

  async function sumUp(kind: SummedKind, day: number): Promise<void> {
    // A query may be reading what is about to be removed.
    await Promise.allSettled(readers)
    await remove(summaryOf(kind), { from: day, before: day + dayMs })
    await ask(sumStatement(kind, day, day + dayMs))
    await days.setClean(kind, day)
  }

  /** The first day with rows, at or after `from`. */
  async function firstDay(kind: SummedKind, from: number, before: number): Promise<number | undefined> {
    let day: number | undefined
    const since = Number.isFinite(from) ? `time >= ${from}ms AND ` : ''
    await ask(`SELECT first("n") FROM "${kind}" WHERE ${since}time < ${before}ms`, ({ values }) => {
      day = dayOf(values[0]![0] as number)
      return true
    })
    return day
  }

  /** The first day before `before` that has to be summed. */
  async function nextDay(kind: SummedKind, before: number): Promise<number | undefined> {
    const begin = await days.begin(kind)
    const dirty = (await days.dirty(kind)).find(day => day >= begin)
    if (dirty !== undefined && dirty < before) return dirty
    const from = Math.max(
      await days.frontier(kind),
      Number.isFinite(begin) ? dayOf(begin + dayMs - 1) : begin,
    )
    return firstDay(kind, from, before)
  }

  /** Erases sums that cannot be computed again, because some of their rows have expired. */
  async function eraseFrozen(kind: SummedKind, before: number, of: PlaceFilter): Promise<void> {
    const begin = await days.begin(kind)
    // Sums are by building: they do not show the share of a point or device.
    if (of.point !== undefined || of.device !== undefined || !Number.isFinite(begin)) return
    await Promise.allSettled(readers)
    await remove(summaryOf(kind), { before: Math.min(before, dayOf(begin - 1) + dayMs), of })
  }

  return {
    async split(query) {
      const whole = [{ query, summed: false, segments: query.segments.map((_, index) => index) }]
      if (!isAnswerable(query) || !(await isOn())) return whole
      const clean = await days.clean(query.kind)
      // Sums do not record when their rows were received.
      const pieces = query.segments.flatMap(({ from, to, receivedBefore, ...rest }, segment) =>
        piecesOf(from, to, receivedBefore === undefined ? clean : []).map(piece => ({
          ...rest,
          ...(receivedBefore === undefined ? {} : { receivedBefore }),
          ...piece,
          segment,
        })),
      )
      if (!pieces.some(({ summed }) => summed)) return whole
      return [true, false].map(summed => {
        const mine = pieces.filter(piece => piece.summed === summed)
        return { query: { ...query, segments: mine }, summed, segments: mine.map(({ segment }) => segment) }
      })
    },
    reading(work) {
      const done = () => readers.delete(work)
      readers.add(work)
      work.then(done, done)
    },
    async touch(rows) {
      if (await isOn()) await days.touch(rows)
    },
    async beforeExpiry(kind, before) {
      if (!isSummed(kind) || !(await isOn())) return
      const last = dayOf(before - 1)
      const end = last + dayMs
      for (let day = await nextDay(kind, end); day !== undefined; day = await nextDay(kind, end))
        await sumUp(kind, day)
      // A day without rows loses nothing: it may still be summed later.
      const isLost = (await days.clean(kind)).includes(last)
      await days.setBegin(kind, isLost ? before : last)
    },
    async beforeErasure({ kind, before, of = {} }) {
      if (!isSummed(kind) || !(await isOn())) return
      await days.touchAll(kind, before)
      await eraseFrozen(kind, before, of)
    },
    async update() {
      if (!(await isOn())) return 0
      const before = dayOf(clock() - settledMs)
      for (const kind of summedKinds) {
        const day = await nextDay(kind, before)
        if (day === undefined) continue
        await sumUp(kind, day)
        return 1
      }
      return 0
    },
    rowsSince: async kind => ((await isOn()) ? days.begin(kind) : undefined),
    async expire(before) {
      if (!(await isOn())) return
      await Promise.allSettled(readers)
      for (const kind of summedKinds) await remove(summaryOf(kind), { before })
    },
    reset: days.reset,
  }
}
