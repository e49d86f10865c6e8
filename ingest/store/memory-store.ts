import { randomUUID } from 'node:crypto'
import type { Epoch } from '../../core/history.ts'
import type { DeviceId, Seq } from '../../core/words.ts'
import { reportedKinds, storedKinds } from '../../devices/contract/kinds.ts'
import { foldCells } from './fold-cells.ts'
import { scanRows } from './memory-scan.ts'
import {
  type CellQuery,
  type Dimension,
  type Expiry,
  placeDimensions,
  type Row,
  type Store,
  type StoreStats,
} from './store.ts'

/** Keeps nothing after exit: for tests, and as the simplest implementation of the port. */
export function createMemoryStore(): Store {
  let rows: (Row & { journal: string })[] = []
  const applied = new Map<string, Seq>()
  const epochs = new Map<string, Map<Epoch, Seq>>()
  /** By journal, then by device. */
  const expired = new Map<string, Map<DeviceId, number>>()

  function wordOf({ place, record }: Row, dimension: Dimension): string {
    if ((placeDimensions as readonly string[]).includes(dimension)) return place[dimension as 'site']
    const value = (record.data as Record<string, unknown>)[dimension]
    return value === undefined ? '' : String(value)
  }

  const isToGo =
    ({ kind, before, of = {} }: Expiry) =>
    ({ place, record }: Row) =>
      record.kind === kind &&
      record.at < before &&
      Object.entries(of).every(([dimension, name]) => place[dimension as 'site'] === name)

  return {
    async write({ journal, rows: batch, next, epochs: reached = [] }) {
      const done = applied.get(journal) ?? 0
      for (const row of batch) if (row.seq > done) rows.push({ ...row, journal })
      if (next <= done) return
      applied.set(journal, next)
      const known = epochs.get(journal) ?? new Map<Epoch, Seq>()
      epochs.set(journal, known)
      for (const { epoch, seq } of reached) if (epoch !== undefined) known.set(epoch, seq)
    },
    epochs: async journal => [...(epochs.get(journal) ?? [])].map(([epoch, seq]) => ({ epoch, seq })),
    async fork(journal, seq) {
      rows = rows.map(row =>
        row.journal === journal && row.seq > seq ? { ...row, journal: `${journal}/${randomUUID()}` } : row,
      )
      applied.set(journal, seq)
      const known = epochs.get(journal) ?? new Map<Epoch, Seq>()
      for (const [epoch, last] of known) known.set(epoch, Math.min(last, seq))
    },
    async sums(journal, stretches, to) {
      return stretches.map(({ first, last }) => {
        const sums = { rows: 0, seqs: 0, received: 0 }
        for (const { journal: own, seq, record } of rows) {
          if (own !== journal || seq < first || seq > Math.min(last, to)) continue
          sums.rows++
          sums.seqs += seq
          sums.received += record.receivedAt
        }
        return sums
      })
    },
    async positions(journal, { first, last }) {
      const own = rows.filter(row => row.journal === journal && row.seq >= first && row.seq <= last)
      return new Set(own.map(({ seq }) => seq))
    },
    async refill(journal, missing) {
      rows.push(...missing.map(row => ({ ...row, journal })))
    },
    applied: async journal => applied.get(journal) ?? 0,
    async cells({ kind, sum, ...query }: CellQuery) {
      const things = rows.flatMap(row => {
        if (row.record.kind !== kind) return []
        const worth = sum === undefined ? 1 : (row.record.data as { [member: string]: unknown })[sum]
        if (typeof worth !== 'number') return []
        const { at, receivedAt } = row.record
        return [{ at, receivedAt, worth, wordOf: (dimension: Dimension) => wordOf(row, dimension) }]
      })
      return foldCells(things, query)
    },
    scan: async query => scanRows(rows, query),
    async countByDevice(journal, seq) {
      const counts = new Map<DeviceId, number>(expired.get(journal))
      for (const row of rows) {
        if (row.journal !== journal || row.seq > seq) continue
        if (!(reportedKinds as readonly string[]).includes(row.record.kind)) continue
        countOne(counts, row.place.device)
      }
      return counts
    },
    async expire(expiry) {
      const { kind, limit } = expiry
      const doomed = rows
        .filter(isToGo(expiry))
        .sort((a, b) => a.record.at - b.record.at)
        .slice(0, limit)
      for (const { journal, place } of doomed) {
        if (!(reportedKinds as readonly string[]).includes(kind)) continue
        const counts = expired.get(journal) ?? new Map<DeviceId, number>()
        expired.set(journal, countOne(counts, place.device))
      }
      const gone = new Set(doomed)
      rows = rows.filter(row => !gone.has(row))
      return doomed.length
    },
    countBefore: async expiry => rows.filter(isToGo(expiry)).length,
    async oldest(kind) {
      const times = rows.flatMap(({ record }) => (record.kind === kind ? [record.at] : []))
      return times.length === 0 ? undefined : Math.min(...times)
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

const countOne = (counts: Map<DeviceId, number>, device: DeviceId) =>
  counts.set(device, (counts.get(device) ?? 0) + 1)
