import { describe, expect, test } from 'vitest'
import type { StoredKind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { ScanBatch, ScanColumn, ScanQuery } from '../../ingest/store/scan.ts'
import type { Store } from '../../ingest/store/store.ts'
import { passage, someMoment } from '../support/records.ts'
import { place, row } from './store-batch.ts'

const always = { kind: 'passage', from: someMoment - 1e9, to: someMoment + 1e9, where: {} } as const

/** The rows of batches as objects, absent values null. */
export function objectsOf(columns: readonly ScanColumn[], batches: readonly ScanBatch[]) {
  return batches.flatMap(({ rows, columns: values }) =>
    Array.from({ length: rows }, (_, row) =>
      Object.fromEntries(
        columns.map(({ name, type }, index) => {
          const column = values[index]!
          if ('codes' in column) return [name, column.words[column.codes[row]! - 1] ?? null]
          if (type === 'boolean') return [name, [null, false, true][column[row]!]]
          return [name, Number.isNaN(column[row]) ? null : column[row]]
        }),
      ),
    ),
  )
}

export async function scanAll(store: Store, query: Partial<ScanQuery> = {}) {
  const scan = await store.scan({ ...always, ...query })
  const batches: ScanBatch[] = []
  for await (const batch of scan.batches) batches.push(batch)
  return { ...scan, batches, rows: objectsOf(scan.columns, batches) }
}

const others: Partial<Record<StoredKind, EventRecord[]>> = {
  door: [
    { ...passage(), kind: 'door', data: { state: 'open' } },
    { ...passage(), kind: 'door', data: { state: 'held', openMs: 4_000_000_000 } },
  ],
  vehicle: [
    { ...passage(), kind: 'vehicle', data: { class: 'bus', direction: 'out', lane: 0, speedKmh: 41.5 } },
    { ...passage(), kind: 'vehicle', data: { class: 'car', direction: 'in' } },
  ],
  health: [
    { ...passage(), kind: 'health', data: { uptimeS: 5, firmware: '1.2', rssiDbm: -60.5 } },
    { ...passage(), kind: 'health', data: { uptimeS: 6, freeBytes: 2 ** 52 } },
  ],
  tamper: [{ ...passage(), kind: 'tamper', data: { part: 'case', active: false } }],
  sighting: [
    {
      ...passage(),
      kind: 'sighting',
      data: { outcome: 'seen', model: 'm1', person: 2, dark: false, blurred: true },
    },
    { ...passage(), kind: 'sighting', data: { outcome: 'unreadable', reason: 'PICTURE_UNREADABLE' } },
  ],
}

/** The promises of a scan, run on every adapter. */
export function scanContract(name: string, open: () => Promise<Store>): void {
  describe(`a scan of a ${name} store`, () => {
    test('gives every row once, with its place, its marks and all that its kind has', async () => {
      const store = await open()
      const chinese = place(2, { site: '南社', building: '12栋, "东"', point: "o'door\\" })
      const rows = [
        row(1),
        row(2, passage({ at: someMoment + 1, late: true, data: { result: 'denied', reason: 'expired' } }), chinese),
        row(3, { ...passage({ at: someMoment + 2, skewed: true }), data: { direction: 'out', result: 'granted', method: 'qr' } }),
      ] // biome-ignore format: a row a line
      await store.write({ journal: 'j', rows, next: 3 })
      const { rows: found, expected } = await scanAll(store)
      expect(expected).toBe(3)
      const common = { received: someMoment + 40, site: 'nanshe', building: 'b01', point: 'p1', device: 'd1' }
      expect(found).toEqual([
        { ...common, time: someMoment, late: false, skewed: false, direction: 'in', result: 'granted', method: 'card', holder: 'resident', reason: null },
        { ...common, site: '南社', building: '12栋, "东"', point: "o'door\\", device: 'd2', time: someMoment + 1, late: true, skewed: false, direction: 'in', result: 'denied', method: 'card', holder: 'resident', reason: 'expired' },
        { ...common, time: someMoment + 2, late: false, skewed: true, direction: 'out', result: 'granted', method: 'qr', holder: null, reason: null },
      ]) // biome-ignore format: a row a line
    })

    test.each(Object.keys(others) as StoredKind[])(
      'gives what a %s has, absent members as absent',
      async kind => {
        const store = await open()
        const records = others[kind]!.map((record, i) => ({ ...record, at: someMoment + i }) as EventRecord)
        await store.write({ journal: 'j', rows: records.map((record, i) => row(i + 1, record)), next: 9 })
        const { rows, columns } = await scanAll(store, { kind })
        const fields = columns.map(({ name }) => name).slice(8)
        expect(rows.map(found => Object.fromEntries(fields.map(field => [field, found[field]])))).toEqual(
          records.map(({ data }) =>
            Object.fromEntries(
              fields.map(field => [field, (data as Record<string, unknown>)[field] ?? null]),
            ),
          ),
        )
      },
    )

    test('keeps to its time, to its kind and to places', async () => {
      const store = await open()
      const moments = [-1, 0, 1, 2, 3]
      const rows = moments.map((ms, i) =>
        row(i + 1, passage({ at: someMoment + ms }), place(i % 2, { site: i % 2 ? "o'odd" : 'even' })),
      )
      const door: EventRecord = { ...passage(), kind: 'door', data: { state: 'open' } }
      await store.write({ journal: 'j', rows: [...rows, row(9, door)], next: 9 })
      const times = async (query: Partial<ScanQuery>) =>
        (await scanAll(store, query)).rows.map(({ time }) => (time as number) - someMoment)
      expect(await times({ from: someMoment, to: someMoment + 3 })).toEqual([0, 1, 2])
      expect(await times({ where: { site: ["o'odd"] } })).toEqual([0, 2])
      expect(await times({ where: { site: ["o'odd", 'even'], device: ['d1'] } })).toEqual([0, 2])
      expect(await times({ where: { site: [] } })).toEqual([])
      expect(await times({ where: { site: ['nowhere'] } })).toEqual([])
      expect(await times({ from: someMoment + 3, to: someMoment })).toEqual([])
    })

    test('has no batches where there are no rows', async () => {
      const { batches, expected } = await scanAll(await open())
      expect([batches, expected]).toEqual([[], 0])
    })

    test('goes on behind a cursor, with what has come since, and gives no row twice', async () => {
      const store = await open()
      const write = (journal: string, from: number, n: number) =>
        store.write({
          journal,
          rows: Array.from({ length: n }, (_, i) => row(from + i, passage({ at: someMoment + from + i }))),
          next: from + n - 1,
        })
      await write('j', 1, 5)
      const first = await scanAll(store)
      const cursor = first.batches.at(-1)!.cursor
      expect((await scanAll(store, { after: cursor })).rows).toEqual([])
      await write('j', 6, 4)
      const rest = await scanAll(store, { after: cursor })
      expect(rest.rows.map(({ time }) => (time as number) - someMoment)).toEqual([6, 7, 8, 9])
      expect(rest.expected).toBe(4)
    })

    test('takes every row of one moment, and of several journals', async () => {
      const store = await open()
      const rows = Array.from({ length: 50 }, (_, i) => row(i + 1, passage(), place(1 + (i % 7))))
      await store.write({ journal: 'j', rows, next: 50 })
      await store.write({ journal: 'k', rows, next: 50 })
      expect((await scanAll(store)).rows).toHaveLength(100)
    })

    test('ends with the reason of its signal', async () => {
      const store = await open()
      await store.write({ journal: 'j', rows: [row(1)], next: 1 })
      const ended = AbortSignal.abort(new Error('gone'))
      await expect(scanAll(store, { signal: ended })).rejects.toThrow('gone')
    })
  })
}
