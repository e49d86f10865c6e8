import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../core/clock.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Stretch } from '../../gateway/journal/stretch.ts'
import type { CellQuery, Row, Store } from '../../ingest/store/store.ts'
import { passage, someMoment } from '../support/records.ts'
import * as batch from './store-batch.ts'

export const { place, row } = batch

/** The first stretch, as wide in time as any test. */
const whole: Stretch = {
  first: 1,
  last: 4096,
  rows: 0,
  seqs: 0,
  received: 0,
  earliestAt: 0,
  latestAt: someMoment + hourMs,
  firstReceivedAt: 0,
  lastReceivedAt: 0,
}

const hours: Omit<CellQuery, 'by'> = {
  kind: 'passage',
  segments: [{ from: someMoment - 24 * hourMs, to: someMoment + 24 * hourMs, offsetMs: 8 * hourMs }],
  stepMs: hourMs,
  where: {},
}

async function total(store: Store): Promise<number> {
  const cells = await store.cells({ ...hours, by: [] })
  return cells.reduce((sum, { count }) => sum + count, 0)
}

/** The promises of the port, run on every adapter. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`a ${name} store`, () => {
    test('counts rows by step of local time and by dimension', async () => {
      const store = await open()
      const b2 = place(2, { building: 'b02' })
      await store.write({
        journal: 'j',
        next: 5,
        rows: [
          row(1),
          row(2, passage({ at: someMoment + 29 * minuteMs, data: { direction: 'out' } })),
          row(3, passage({ at: someMoment + 30 * minuteMs })),
          row(4, passage(), b2),
          row(5, { ...passage(), kind: 'vehicle', data: { class: 'car', direction: 'in', lane: 2 } }),
        ],
      })
      const eight = someMoment - 30 * minuteMs + 8 * hourMs
      const cells = await store.cells({ ...hours, by: ['building', 'direction'] })
      expect(cells.map(cell => [cell.localStart, ...cell.values, cell.count]).sort()).toEqual([
        [eight, 'b01', 'in', 1],
        [eight, 'b01', 'out', 1],
        [eight, 'b02', 'in', 1],
        [eight + hourMs, 'b01', 'in', 1],
      ])
      const vehicles = await store.cells({ ...hours, kind: 'vehicle', by: ['class', 'lane'] })
      expect(vehicles).toEqual([{ segment: 0, localStart: eight, values: ['car', '2'], count: 1, rows: 1 }])
    })

    test('counts of a segment what was received before its limit, and of another what before its own', async () => {
      const store = await open()
      const received = (seq: number, minutes: number, receivedAt: number) =>
        row(seq, passage({ at: someMoment + minutes * minuteMs, receivedAt }))
      const limit = someMoment + 3 * hourMs
      await store.write({
        journal: 'j',
        next: 5,
        rows: [
          received(1, 0, limit - 1),
          received(2, 1, limit),
          received(3, 60, limit),
          received(4, 61, limit + 1),
          received(5, 120, limit + hourMs),
        ],
      })
      const from = someMoment - 30 * minuteMs
      const segments = [
        { from, to: from + hourMs, offsetMs: 0, receivedBefore: limit },
        { from: from + hourMs, to: from + 2 * hourMs, offsetMs: 0, receivedBefore: limit + 1 },
        { from: from + 2 * hourMs, to: from + 3 * hourMs, offsetMs: 0 },
      ]
      const cells = await store.cells({ ...hours, segments, by: ['site'] })
      expect(cells.map(({ segment, count }) => [segment, count]).sort()).toEqual([[0, 1], [1, 1], [2, 1]]) // biome-ignore format: one line
    })

    test('cuts each segment by its own offset', async () => {
      const store = await open()
      await store.write({
        journal: 'j',
        next: 3,
        rows: [0, 40, 80].map((minutes, i) => row(i + 1, passage({ at: someMoment + minutes * minuteMs }))),
      })
      const turn = someMoment + 40 * minuteMs
      const cells = await store.cells({
        ...hours,
        by: [],
        segments: [
          { from: someMoment, to: turn, offsetMs: 0 },
          { from: turn, to: someMoment + hourMs, offsetMs: 30 * minuteMs },
        ],
      })
      expect(cells.sort((a, b) => a.segment - b.segment)).toEqual([
        { segment: 0, localStart: someMoment - 30 * minuteMs, values: [], count: 1, rows: 1 },
        { segment: 1, localStart: someMoment + 30 * minuteMs, values: [], count: 1, rows: 1 },
      ])
    })

    test('filters by enumerations, by names of places and by absent values', async () => {
      const store = await open()
      const odd = place(2, { site: `o'hara"; drop table passage --` })
      await store.write({
        journal: 'j',
        next: 3,
        rows: [
          row(1),
          row(2, passage({ data: { result: 'denied', reason: 'expired' } }), odd),
          row(3, passage(), odd),
        ],
      })
      const count = async (where: CellQuery['where']) =>
        (await store.cells({ ...hours, by: [], where }))[0]?.count ?? 0
      expect(await count({ result: ['granted'] })).toBe(2)
      expect(await count({ site: [odd.site] })).toBe(2)
      expect(await count({ site: [odd.site], result: ['denied'] })).toBe(1)
      expect(await count({ site: ['nowhere'] })).toBe(0)
      expect(await count({ result: [] })).toBe(0)
      const reasons = await store.cells({ ...hours, by: ['reason'] })
      expect(reasons.map(({ values, count: n }) => [...values, n]).sort()).toEqual([
        ['', 2],
        ['expired', 1],
      ])
    })

    test('finds nothing for words that no event can have, and events without a value for the empty one', async () => {
      const store = await open()
      const vehicle = (lane?: number): EventRecord => ({
        ...passage(),
        kind: 'vehicle',
        data: { class: 'car', direction: 'in', ...(lane === undefined ? {} : { lane }) },
      })
      const rows = [row(1), row(2, vehicle()), row(3, vehicle(0)), row(4, vehicle(12))]
      await store.write({ journal: 'j', next: 4, rows })
      const count = async (kind: CellQuery['kind'], where: CellQuery['where']) =>
        (await store.cells({ ...hours, kind, by: [], where }))[0]?.count ?? 0
      const wanted: [CellQuery['kind'], CellQuery['where'], number][] = [
        ['passage', { reason: [''] }, 1],
        ['passage', { reason: ['nonsense'] }, 0],
        ['passage', { method: ['', 'nonsense'] }, 0],
        ['passage', { holder: ['nonsense', 'resident'] }, 1],
        ['vehicle', { lane: [''] }, 1],
        ['vehicle', { lane: ['', '0'] }, 2],
        ['vehicle', { lane: ['12'] }, 1],
        ['vehicle', { lane: ['012', '1e1', 'x', 'Infinity'] }, 0],
      ]
      for (const [kind, where, n] of wanted) expect([where, await count(kind, where)]).toEqual([where, n])
    })

    test('adds up what was seen on pictures, and says on how many; those that say nothing are left out', async () => {
      const store = await open()
      const seen = (person: number | undefined, outcome: 'seen' | 'thinned' = 'seen'): EventRecord => ({
        ...passage(),
        kind: 'sighting',
        data: { outcome, ...(person === undefined ? {} : { person, car: 1 }) },
      })
      const elsewhere = { ...place(2), site: 'elsewhere' }
      const rows = [
        row(1, seen(2)),
        row(2, seen(3)),
        row(3, seen(undefined, 'thinned')),
        row(4, seen(0), elsewhere),
      ]
      await store.write({ journal: 'j', next: 4, rows })
      const cells = async (change: Partial<CellQuery>) =>
        (await store.cells({ ...hours, kind: 'sighting', by: [], ...change }))
          .map(({ values, count, rows: n }) => [...values, count, n])
          .sort()
      expect(await cells({ sum: 'person' })).toEqual([[5, 3]])
      expect(await cells({ sum: 'person', by: ['device'] })).toEqual([['d1', 5, 2], ['d2', 0, 1]]) // biome-ignore format: pairs
      expect(await cells({ sum: 'person', where: { outcome: ['thinned'] } })).toEqual([])
      expect(await cells({ sum: 'car', where: { outcome: ['seen'] } })).toEqual([[3, 3]])
      expect(await cells({ by: ['outcome'] })).toEqual([['seen', 3, 3], ['thinned', 1, 1]]) // biome-ignore format: pairs
    })

    test('adds up how long doors were open, by what they did', async () => {
      const store = await open()
      const door = (state: DataOf<'door'>['state'], openMs?: number): EventRecord => ({
        ...passage(),
        kind: 'door',
        data: { state, ...(openMs === undefined ? {} : { openMs }) },
      })
      const rows = [
        door('open'),
        door('closed', 2500),
        door('closed', 0),
        door('held', 60_000),
        door('closed'),
      ]
      await store.write({ journal: 'j', next: 5, rows: rows.map((record, i) => row(i + 1, record)) })
      const cells = async (change: Partial<CellQuery>) =>
        (await store.cells({ ...hours, kind: 'door', by: [], ...change }))
          .map(({ values, count, rows: n }) => [...values, count, n])
          .sort()
      expect(await cells({ by: ['state'] })).toEqual([['closed', 3, 3], ['held', 1, 1], ['open', 1, 1]]) // biome-ignore format: triples
      expect(await cells({ sum: 'openMs' })).toEqual([[62_500, 3]])
      expect(await cells({ sum: 'openMs', where: { state: ['closed'] } })).toEqual([[2500, 2]])
    })

    test('takes a segment as one step where it is not to cut it', async () => {
      const store = await open()
      const moments = [-1, 0, 5, 9, 10].map(days => someMoment + days * 24 * hourMs)
      await store.write({ journal: 'j', next: 5, rows: moments.map((at, i) => row(i + 1, passage({ at }))) })
      const cuts = [0, 1, 2, 3, 7, 10].map(days => someMoment + days * 24 * hourMs)
      const segments = cuts.slice(1).map((to, i) => ({ from: cuts[i]!, to, offsetMs: (i % 2) * hourMs }))
      const cells = await store.cells({ kind: 'passage', segments, by: ['site'], where: {} })
      expect(cells.sort((a, b) => a.segment - b.segment)).toEqual(
        [0, 3, 4].map(segment => ({ segment, localStart: 0, values: ['nanshe'], count: 1, rows: 1 })),
      )
      expect(await store.cells({ kind: 'passage', segments, by: [], where: { site: ['nowhere'] } })).toEqual(
        [],
      )
    })

    for (const { title, offsetMs } of [
      { title: 'in the east', offsetMs: 5.75 * hourMs },
      { title: 'in the west', offsetMs: -3 * hourMs },
    ]) {
      test(`puts steps together that lie a fold apart by the local clock, also ${title}`, async () => {
        const store = await open()
        const moments = Array.from({ length: 40 }, (_, i) => someMoment + i * 5 * hourMs + i * minuteMs)
        const rows = moments.map((at, i) => row(i + 1, passage({ at }), place(1 + (i % 2))))
        await store.write({ journal: 'j', next: 40, rows })
        const middle = moments[17]!
        const segments = [
          { from: moments[0]!, to: middle, offsetMs },
          { from: middle, to: moments[39]!, offsetMs: offsetMs + hourMs },
        ]
        for (const [stepMs, foldMs] of [
          [hourMs, 24 * hourMs],
          [24 * hourMs, 7 * 24 * hourMs],
          [hourMs, 7 * 24 * hourMs],
        ] as const) {
          // biome-ignore format: a table
          const want = new Map<string, number>()
          for (const [i, at] of moments.slice(0, -1).entries()) {
            const local = Math.floor((at + segments[at < middle ? 0 : 1]!.offsetMs) / stepMs) * stepMs
            const key = `${at < middle ? 0 : 1} ${((local % foldMs) + foldMs) % foldMs} d${1 + (i % 2)}`
            want.set(key, (want.get(key) ?? 0) + 1)
          }
          const query = { kind: 'passage', segments, stepMs, foldMs, by: ['device'], where: {} } as const
          const cells = await store.cells(query)
          expect(
            new Map(cells.map(cell => [`${cell.segment} ${cell.localStart} ${cell.values}`, cell.count])),
          ).toEqual(want)
          expect(cells).toHaveLength(want.size)
          expect(await store.cells({ ...query, limit: 3 })).toHaveLength(3)
        }
      })
    }

    test('gives no more cells than are wanted', async () => {
      const store = await open()
      const rows = Array.from({ length: 20 }, (_, i) => row(i + 1, passage(), place(i + 1)))
      await store.write({ journal: 'j', next: 20, rows })
      expect(await store.cells({ ...hours, by: ['device'], limit: 7 })).toHaveLength(7)
      expect(await store.cells({ ...hours, by: ['device'], limit: 21 })).toHaveLength(20)
    })

    test('stores a batch once, however often and however cut it is written again', async () => {
      const store = await open()
      const rows = Array.from({ length: 10 }, (_, i) => row(i + 1))
      await store.write({ journal: 'j', rows: rows.slice(0, 6), next: 6 })
      await store.write({ journal: 'j', rows: rows.slice(0, 6), next: 6 })
      await store.write({ journal: 'j', rows: rows.slice(3), next: 10 })
      await store.write({ journal: 'j', rows: rows.slice(0, 2), next: 2 })
      expect(await total(store)).toBe(10)
      expect(await store.applied('j')).toBe(10)
    })

    test('keeps two rows of one place and one millisecond apart', async () => {
      const store = await open()
      await store.write({ journal: 'j', rows: [row(1), row(2)], next: 2 })
      expect(await total(store)).toBe(2)
    })

    test('tells journals apart: the positions of another one begin anew', async () => {
      const store = await open()
      await store.write({ journal: 'j', rows: [row(1), row(2)], next: 2 })
      await store.write({ journal: 'k', rows: [row(1, passage({ at: someMoment + 1 }))], next: 1 })
      expect(await total(store)).toBe(3)
      expect(await store.applied('k')).toBe(1)
      expect(await store.applied('unknown')).toBe(0)
      expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 2]]))
    })

    test('remembers the last position of each epoch', async () => {
      const store = await open()
      expect(await store.epochs('j')).toEqual([])
      await store.write({ journal: 'j', rows: [row(1)], next: 1, epochs: [{ epoch: 'aa', seq: 1 }] })
      const epochs = [
        { epoch: 'aa', seq: 2 },
        { epoch: 'bb', seq: 3 },
      ]
      await store.write({ journal: 'j', rows: [row(2), row(3)], next: 3, epochs })
      expect([...(await store.epochs('j'))].sort((a, b) => a.seq - b.seq)).toEqual(epochs)
      expect(await store.epochs('k')).toEqual([])
    })

    test('takes positions a second time behind a fork, and keeps what it had there', async () => {
      const store = await open()
      const epochs = [{ epoch: 'aa', seq: 5 }]
      const at = (seq: number, n: number) =>
        row(seq, passage({ at: someMoment + n, receivedAt: someMoment + n }))
      await store.write({ journal: 'j', rows: [1, 2, 3, 4, 5].map(n => at(n, n)), next: 5, epochs })
      await store.fork('j', 3)
      expect(await store.applied('j')).toBe(3)
      expect(await store.epochs('j')).toEqual([{ epoch: 'aa', seq: 3 }])
      expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 3]]))
      const anew = {
        journal: 'j',
        rows: [at(4, 14), at(5, 15), at(6, 16)],
        next: 6,
        epochs: [{ epoch: 'bb', seq: 6 }],
      }
      await store.write(anew)
      await store.write(anew)
      expect(await total(store)).toBe(8)
      expect(await store.applied('j')).toBe(6)
      expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 6]]))
      expect(await store.countByDevice('j', 4)).toEqual(new Map([['d1', 4]]))
      // And once more, further back than the first time.
      await store.fork('j', 2)
      await store.write({ journal: 'j', rows: [at(3, 23)], next: 3 })
      expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 3]]))
      expect(await total(store)).toBe(9)
      expect((await store.sums('j', [whole], 9))[0]).toEqual({
        rows: 3,
        seqs: 6,
        received: 3 * someMoment + 26,
      })
    })

    test('adds up its rows by stretch, and takes those back that it lost', async () => {
      const store = await open()
      const rows = Array.from({ length: 5000 }, (_, i) =>
        row(i + 1, passage({ at: someMoment + i, receivedAt: i })),
      )
      const kept = rows.filter(({ seq }) => seq !== 17 && seq !== 4097)
      await store.write({ journal: 'j', rows: kept, next: 5000 })
      await store.write({ journal: 'k', rows: [row(1, passage({ at: 7 }))], next: 1 })
      const next = { ...whole, first: 4097, last: 8192 }
      const sum = (of: readonly Row[]) => ({
        rows: of.length,
        seqs: of.reduce((sum, { seq }) => sum + seq, 0),
        received: of.reduce((sum, { record }) => sum + record.receivedAt, 0),
      })
      const inFirst = ({ seq }: Row) => seq <= 4096
      expect(await store.sums('j', [whole, next], 5000)).toEqual([
        sum(kept.filter(inFirst)),
        sum(kept.filter(row => !inFirst(row))),
      ])
      expect(await store.sums('j', [next], 4999)).toEqual([
        sum(kept.filter(({ seq }) => seq > 4096 && seq < 5000)),
      ])
      const present = await store.positions('j', whole)
      expect(rows.filter(({ seq }) => seq <= 4096 && !present.has(seq)).map(({ seq }) => seq)).toEqual([17])
      await store.refill('j', [rows[16]!, rows[4096]!])
      expect(await store.sums('j', [whole, next], 5000)).toEqual([
        sum(rows.filter(inFirst)),
        sum(rows.filter(row => !inFirst(row))),
      ])
      expect(await store.applied('j')).toBe(5000)
      expect(await store.countByDevice('j', 5000)).toEqual(new Map([['d1', 5000]]))
    })

    test('moves its position past records that are no rows', async () => {
      const store = await open()
      await store.write({ journal: 'j', rows: [], next: 7 })
      expect(await store.applied('j')).toBe(7)
    })

    test('counts rows of every kind, and what a device reported, up to a position', async () => {
      const store = await open()
      const others: EventRecord[] = [
        { ...passage(), kind: 'door', data: { state: 'open' } },
        { ...passage(), kind: 'tamper', data: { part: 'case', active: true } },
        { ...passage(), kind: 'health', data: { uptimeS: 5, firmware: '1.2', rssiDbm: -60 } },
        { ...passage(), kind: 'status', data: { state: 'online', firmware: '1.2' } },
        {
          ...passage(),
          kind: 'sighting',
          data: { outcome: 'seen', model: 'm1', person: 2, dark: false, boxes: [] },
        },
      ]
      await store.write({ journal: 'j', rows: others.map((record, i) => row(i + 1, record)), next: 5 })
      await store.write({ journal: 'j', rows: [row(6, passage(), place(2))], next: 6 })
      expect(await store.countByDevice('j', 6)).toEqual(
        new Map([
          ['d1', 4],
          ['d2', 1],
        ]),
      )
      expect(await store.countByDevice('j', 2)).toEqual(new Map([['d1', 2]]))
      expect((await store.stats()).rows).toEqual({
        passage: 1,
        door: 1,
        vehicle: 0,
        tamper: 1,
        health: 1,
        status: 1,
        sighting: 1,
      })
    })
  })
}
