import { dayMs } from '../../core/clock.ts'
import { positionMs } from './influx-lines.ts'
import type { Note } from './influx-notes.ts'
import type { InfluxServer } from './influx-server.ts'
import { isSummed, type SummedKind, summedKinds } from './influx-summaries.ts'
import type { Row } from './store.ts'

/** One point per day and kind: whether the sums of that day are complete. */
const measurement = 'lintel_summed'
/** One point per kind: all rows exist from this time on; before it some have expired. */
const beginMeasurement = 'lintel_summed_from'

/** Knows which UTC days have been summed. Every statement is on the server before anything relies on it. */
export interface SummedDays {
  /** Forgets everything, and reads it again. */
  reset(): void
  /** In order. */
  clean(kind: SummedKind): Promise<readonly number[]>
  /** Days to be summed again, in order. */
  dirty(kind: SummedKind): Promise<readonly number[]>
  /** End of the last day that has ever been summed. */
  frontier(kind: SummedKind): Promise<number>
  /** Time before which nothing can be summed any more. */
  begin(kind: SummedKind): Promise<number>
  /** Await this before writing the rows. */
  touch(rows: readonly Row[]): Promise<void>
  /** Marks every summed day before that to be summed again, if it still can be. */
  touchAll(kind: SummedKind, before: number): Promise<void>
  setClean(kind: SummedKind, day: number): Promise<void>
  setBegin(kind: SummedKind, begin: number): Promise<void>
}

export const dayOf = (ms: number) => Math.floor(ms / dayMs) * dayMs

interface Known {
  clean: Set<number>
  dirty: Set<number>
  frontier: number
  begin: number
}

const sorted = (days: Iterable<number>) => [...days].sort((a, b) => a - b)

export function createSummedDays({ ask }: Pick<InfluxServer, 'ask'>, note: Note): SummedDays {
  let known: Map<SummedKind, Known> | undefined

  async function load(): Promise<Map<SummedKind, Known>> {
    if (known !== undefined) return known
    const found = new Map<SummedKind, Known>(
      summedKinds.map(kind => [kind, { clean: new Set(), dirty: new Set(), frontier: Number.NEGATIVE_INFINITY, begin: Number.NEGATIVE_INFINITY }]),
    ) // biome-ignore format: one line
    await ask(`SELECT "clean" FROM "${measurement}" GROUP BY "kind"`, ({ tags, values }) => {
      const of = found.get(tags!.kind as SummedKind)!
      for (const [day, clean] of values as [number, boolean][]) {
        if (clean) of.clean.add(day)
        else of.dirty.add(day)
        of.frontier = Math.max(of.frontier, day + dayMs)
      }
      return true
    })
    await ask(
      `SELECT "begin" FROM "${beginMeasurement}" WHERE time = ${positionMs}ms GROUP BY "kind"`,
      ({ tags, values }) => {
        found.get(tags!.kind as SummedKind)!.begin = values[0]![1] as number
        return true
      },
    )
    known = found
    return found
  }

  const of = async (kind: SummedKind) => (await load()).get(kind)!
  const lineOf = (kind: SummedKind, day: number, clean: boolean) =>
    `${measurement},kind=${kind} clean=${clean} ${day}000000`

  /** From now on queries read the rows. The days are summed again only once the server has noted this. */
  async function soil(days: readonly (readonly [SummedKind, number])[]): Promise<void> {
    if (days.length === 0) return
    for (const [kind, day] of days) (await of(kind)).clean.delete(day)
    await note(days.map(([kind, day]) => lineOf(kind, day, false)))
    for (const [kind, day] of days) (await of(kind)).dirty.add(day)
  }

  return {
    reset() {
      known = undefined
    },
    clean: async kind => sorted((await of(kind)).clean),
    dirty: async kind => sorted((await of(kind)).dirty),
    frontier: async kind => (await of(kind)).frontier,
    begin: async kind => (await of(kind)).begin,
    async touch(rows) {
      const touched = new Map<string, readonly [SummedKind, number]>()
      for (const { record } of rows) {
        if (!isSummed(record.kind)) continue
        const day = dayOf(record.at)
        const { dirty, frontier, begin } = await of(record.kind)
        if (day < frontier && day >= begin && !dirty.has(day))
          touched.set(`${record.kind} ${day}`, [record.kind, day])
      }
      await soil([...touched.values()])
    },
    async touchAll(kind, before) {
      const { clean, begin } = await of(kind)
      await soil([...clean].filter(day => day < before && day >= begin).map(day => [kind, day]))
    },
    async setClean(kind, day) {
      await note([lineOf(kind, day, true)])
      const its = await of(kind)
      its.clean.add(day)
      its.dirty.delete(day)
      its.frontier = Math.max(its.frontier, day + dayMs)
    },
    async setBegin(kind, begin) {
      const its = await of(kind)
      if (begin <= its.begin) return
      await note([`${beginMeasurement},kind=${kind} begin=${begin}i ${positionMs}000000`])
      its.begin = begin
    },
  }
}
