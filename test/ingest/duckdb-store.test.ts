import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { type DuckDbStoreOptions, openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { columnsOf } from '../../ingest/store/duckdb-tables.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { row, storeContract } from './store-contract.ts'

async function open(directory: string, change: Partial<DuckDbStoreOptions> = {}) {
  const store = await openDuckDbStore({
    directory,
    memoryBytes: 256e6,
    threads: 2,
    clock: () => someMoment,
    ...change,
  })
  onTestFinished(() => store.close())
  return store
}

storeContract('DuckDB', async () => open(await temporaryDirectory()))

test('a DuckDB store goes on where it was after it is closed and opened again', async () => {
  const directory = await temporaryDirectory()
  const first = await open(directory)
  await first.write({
    journal: 'j',
    rows: [row(1), row(2, { ...passage(), kind: 'status', data: { state: 'online', firmware: 'v1' } })],
    next: 2,
  })
  await first.close()
  const second = await open(directory)
  expect(await second.applied('j')).toBe(2)
  await second.write({ journal: 'j', rows: [row(2), row(3)], next: 3 })
  expect(await second.countByDevice('j', 9)).toEqual(new Map([['d1', 3]]))
})

test('a row that a device sends again to a new journal takes the place of the one that the lost journal left', async () => {
  const store = await open(await temporaryDirectory())
  const at = (seq: number, n: number) => row(seq, passage({ at: someMoment + n }))
  await store.write({ journal: 'j', rows: [at(1, 1), at(2, 2), at(3, 3), at(4, 3)], next: 4 })
  await store.fork('j', 1)
  const came = passage({ at: someMoment + 2, receivedAt: someMoment + 99_000, late: true })
  const other = passage({ at: someMoment + 2, data: { direction: 'out' } })
  // The second of position 2 is another passage; of the two of position 3 and 4 one comes again.
  await store.write({ journal: 'j', rows: [row(2, came), row(3, other), at(4, 3)], next: 4 })
  expect((await store.stats()).rows.passage).toBe(5)
  expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 4]]))
  const later = 32 * dayMs
  await store.write({
    journal: 'k',
    rows: [row(1, passage({ at: someMoment + 1, receivedAt: someMoment + later }))],
    next: 1,
  })
  expect((await store.stats()).rows.passage).toBe(6)
})

test('a damaged database is moved aside, said so, and begun anew', async () => {
  const directory = await temporaryDirectory()
  writeFileSync(join(directory, 'lintel.duckdb'), 'this is no database'.repeat(1000))
  const faults: unknown[] = []
  const store = await open(directory, { onFault: error => faults.push(error) })
  expect(await store.applied('j')).toBe(0)
  expect(String(faults[0])).toContain('moved to')
  expect(readdirSync(directory)).toContain(`damaged-${someMoment}.duckdb`)
})

test('absent numbers and texts rest as NULL', async () => {
  const directory = await temporaryDirectory()
  const store = await open(directory)
  const health = (data: object) => ({ ...passage(), kind: 'health', data: { uptimeS: 1, ...data } }) as never
  const rows = Array.from({ length: 5000 }, (_, i) =>
    row(i + 1, health(i % 3 === 0 ? { rssiDbm: -i, firmware: `v${i % 2}` } : {})),
  )
  await store.write({ journal: 'j', rows, next: 5000 })
  await store.close()
  const instance = await DuckDBInstance.create(join(directory, 'lintel.duckdb'))
  const connection = await instance.connect()
  onTestFinished(() => instance.closeSync())
  const result = await connection.runAndReadAll(
    'SELECT count(rssi_dbm)::INTEGER, sum(rssi_dbm)::INTEGER, count(firmware)::INTEGER, count(temperature_c)::INTEGER, max(seq)::INTEGER FROM health',
  )
  const present = rows.filter((_, i) => i % 3 === 0)
  const sum = -present.reduce((total, { seq }) => total + seq - 1, 0)
  expect(result.getRows()).toEqual([[present.length, sum, present.length, 0, 5000]])
  const words = await connection.runAndReadAll(
    'SELECT count(DISTINCT word)::INTEGER FROM health JOIN word ON id = firmware',
  )
  expect(words.getRows()).toEqual([[2]])
  connection.closeSync()
})

test('columns of the tables keep their names and order: the rows on disk depend on them', () => {
  expect(columnsOf('passage').map(({ name, type }) => `${name} ${type}`)).toMatchInlineSnapshot(`
    [
      "journal UTINYINT",
      "seq BIGINT",
      "at_ms BIGINT",
      "received_ms BIGINT",
      "place INTEGER",
      "flags UTINYINT",
      "direction UTINYINT",
      "result UTINYINT",
      "method UTINYINT",
      "holder UTINYINT",
      "reason UTINYINT",
    ]
  `)
})

test('an answer while rows are being written counts no row past the position that was asked for', async () => {
  const store = await open(await temporaryDirectory())
  let writing = true
  const writer = (async () => {
    for (let seq = 1; writing; seq += 10) {
      const rows = Array.from({ length: 10 }, (_, i) => row(seq + i))
      await store.write({ journal: 'j', rows, next: seq + 9 })
    }
  })()
  for (let look = 0; look < 150; look++) {
    const applied = await store.applied('j')
    const counts = await store.countByDevice('j', applied)
    expect(counts.get('d1') ?? 0).toBe(applied)
  }
  writing = false
  await writer
})
