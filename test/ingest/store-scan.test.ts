import { expect, onTestFinished, test } from 'vitest'
import { openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'
import { scanAll, scanContract } from './store-scan-contract.ts'

async function openDuckDb() {
  const directory = await temporaryDirectory()
  const store = await openDuckDbStore({ directory, memoryBytes: 256e6, threads: 2, clock: () => someMoment })
  onTestFinished(() => store.close())
  return store
}

scanContract('memory', async () => createMemoryStore())
scanContract('DuckDB', openDuckDb)

/** Rows of two kinds, of which each is a few at a time. */
function manyRows(from: number, count: number) {
  const door = { kind: 'door', data: { state: 'open' } } as const
  return Array.from({ length: count }, (_, i) => {
    const at = someMoment + Math.floor((from + i) / 3)
    const record = (from + i) % 1000 === 0 ? { ...passage({ at }), ...door } : passage({ at })
    return row(from + i, record, place(1 + (i % 40)))
  })
}

test('a scan of DuckDB comes in pages, each with a cursor from which the rest is the same', async () => {
  const store = await openDuckDb()
  for (let from = 1; from <= 200_000; from += 50_000)
    await store.write({ journal: 'j', rows: manyRows(from, 50_000), next: from + 49_999 })
  const { batches, rows } = await scanAll(store)
  expect(rows).toHaveLength(199_800)
  expect(batches.length).toBeGreaterThan(2)
  const rest = await scanAll(store, { after: batches[1]!.cursor })
  expect(rest.rows).toEqual(rows.slice(batches[0]!.rows + batches[1]!.rows))
  const doors = await scanAll(store, { kind: 'door' })
  expect([doors.rows.length, doors.batches.length]).toEqual([200, 1])
})

test('a scan of DuckDB that is ended ends its query, and the store goes on', async () => {
  const store = await openDuckDb()
  await store.write({ journal: 'j', rows: manyRows(1, 70_000), next: 70_000 })
  const controller = new AbortController()
  const { batches } = await store.scan({
    kind: 'passage', from: 0, to: 1e14, where: {}, signal: controller.signal,
  }) // biome-ignore format: one line
  const taken = batches[Symbol.asyncIterator]()
  await taken.next()
  const next = taken.next()
  controller.abort(new Error('gone'))
  await expect(next).rejects.toThrow('gone')
  await store.write({ journal: 'j', rows: [row(70_001)], next: 70_001 })
  expect(await store.applied('j')).toBe(70_001)
})

test('a cursor of another store is refused', async () => {
  const store = await openDuckDb()
  for (const after of ['', 'x', Buffer.from('["k",5]').toString('base64url')])
    await expect(scanAll(store, { after })).rejects.toMatchObject({ code: 'API_REQUEST_INVALID' })
})

describeInfluxd('an InfluxDB 1.x', influxd => {
  async function open() {
    const settings = settingsFor(influxd().url)
    const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: Date.now })
    onTestFinished(() => store.close())
    return store
  }
  scanContract('InfluxDB', open)

  test('gives the same rows as DuckDB, also where pages part points of one moment', async () => {
    const [influx, duckdb] = [await open(), await openDuckDb()]
    const batch = { journal: 'j', rows: manyRows(1, 45_000), next: 45_000 }
    await Promise.all([influx.write(batch), duckdb.write(batch)])
    const sorted = (rows: Record<string, unknown>[]) => rows.map(found => JSON.stringify(found)).sort()
    const [ofInflux, ofDuckDb] = [await scanAll(influx), await scanAll(duckdb)]
    expect(ofInflux.batches.length).toBeGreaterThan(2)
    expect(sorted(ofInflux.rows)).toEqual(sorted(ofDuckDb.rows))
    const rest = await scanAll(influx, { after: ofInflux.batches[0]!.cursor })
    expect(rest.rows).toEqual(ofInflux.rows.slice(ofInflux.batches[0]!.rows))
  })
})
