import type { DeviceId, ObjectKind, Seq } from '../../core/words.ts'
import { reportedKinds, storedKinds } from '../../devices/contract/kinds.ts'
import {
  type Cell,
  type CellQuery,
  type Dimension,
  placeDimensions,
  type Row,
  type Store,
  type StoreStats,
} from './store.ts'

/** Forgets at exit: for tests, and as the simplest reading of the port. */
export function createMemoryStore(): Store {
  const rows: (Row & { journal: string })[] = []
  const applied = new Map<string, Seq>()

  function wordOf({ place, record }: Row, dimension: Dimension): string {
    if ((placeDimensions as readonly string[]).includes(dimension)) return place[dimension as 'site']
    const value = (record.data as Record<string, unknown>)[dimension]
    return value === undefined ? '' : String(value)
  }

  return {
    async write({ journal, rows: batch, next }) {
      const done = applied.get(journal) ?? 0
      for (const row of batch) if (row.seq > done) rows.push({ ...row, journal })
      applied.set(journal, Math.max(done, next))
    },
    applied: async journal => applied.get(journal) ?? 0,
    async cells({ kind, sum, segments, stepMs, by, where, limit }: CellQuery) {
      const cells = new Map<string, Cell>()
      for (const row of rows) {
        if (row.record.kind !== kind) continue
        const segment = segments.findIndex(({ from, to }) => row.record.at >= from && row.record.at < to)
        if (segment < 0) continue
        const wanted = Object.entries(where) as [Dimension, readonly string[]][]
        if (!wanted.every(([dimension, values]) => values.includes(wordOf(row, dimension)))) continue
        const localStart = Math.floor((row.record.at + segments[segment]!.offsetMs) / stepMs) * stepMs
        const values = by.map(dimension => wordOf(row, dimension))
        const key = JSON.stringify([segment, localStart, values])
        const worth =
          sum === undefined ? 1 : ((row.record.data as Partial<Record<ObjectKind, number>>)[sum] ?? 0)
        if (worth > 0)
          cells.set(key, { segment, localStart, values, count: (cells.get(key)?.count ?? 0) + worth })
      }
      return [...cells.values()].slice(0, limit)
    },
    async countByDevice(journal, seq) {
      const counts = new Map<DeviceId, number>()
      for (const row of rows) {
        if (row.journal !== journal || row.seq > seq) continue
        if (!(reportedKinds as readonly string[]).includes(row.record.kind)) continue
        counts.set(row.place.device, (counts.get(row.place.device) ?? 0) + 1)
      }
      return counts
    },
    async stats(): Promise<StoreStats> {
      const count = (kind: string) => rows.filter(row => row.record.kind === kind).length
      return {
        rows: Object.fromEntries(storedKinds.map(kind => [kind, count(kind)])) as StoreStats['rows'],
        bytes: 0,
        oldestAt: rows.length === 0 ? undefined : Math.min(...rows.map(({ record }) => record.at)),
      }
    },
    async close() {},
  }
}
