import { expect, onTestFinished, test } from 'vitest'
import { codeOf } from '../../core/errors.ts'
import { openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { openMeddler } from '../support/meddler.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'
import { retentionContract } from './store-retention-contract.ts'

retentionContract('memory', async () => createMemoryStore())

const duckDb = { memoryBytes: 256e6, threads: 2, clock: () => someMoment }
retentionContract('DuckDB', async () => {
  const store = await openDuckDbStore({ ...duckDb, directory: await temporaryDirectory() })
  onTestFinished(() => store.close())
  return store
})

test('a DuckDB store deletes in slices, between which it writes, and uses the space again', async () => {
  const directory = await temporaryDirectory()
  const store = await openDuckDbStore({ ...duckDb, directory })
  onTestFinished(() => store.close())
  const size = async () => (await store.stats()).bytes
  let seq = 0
  const fill = async (at: number, count: number) => {
    const rows = Array.from({ length: count }, (_, i) =>
      row(++seq, passage({ at: at + i * 97 }), place(1 + (i % 40))),
    )
    await store.write({ journal: 'j', rows, next: seq })
  }
  await fill(someMoment, 120_000)
  // A checkpoint, so that the file has them.
  await store.expire({ kind: 'passage', before: someMoment + 1 })
  const full = await size()
  const before = someMoment + 120_000 * 97
  expect(await store.expire({ kind: 'passage', before })).toBe(100_000)
  await fill(before, 1)
  expect(await store.expire({ kind: 'passage', before })).toBe(19_999)
  expect(await store.expire({ kind: 'passage', before })).toBe(0)
  for (const [, count] of await store.countByDevice('j', seq)) expect(count).toBeGreaterThanOrEqual(3000)
  // Once it has room for both what is and what goes, it grows no more.
  const sizes: number[] = []
  for (let round = 1; round <= 4; round++) {
    await fill(before + round * 120_000 * 97, 120_000)
    while ((await store.expire({ kind: 'passage', before: before + round * 120_000 * 97 })) > 0);
    sizes.push(await size())
  }
  expect(Math.max(...sizes)).toBeLessThan(3 * full)
  expect(sizes[3]).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 3)))
})

describeInfluxd('an InfluxDB 1.x', influxd => {
  retentionContract('InfluxDB', async () => {
    const settings = settingsFor(influxd().url)
    const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: Date.now })
    onTestFinished(() => store.close())
    return store
  })

  for (const cut of ['reset', 'half'] as const) {
    for (let nth = 0; nth < 10; nth++) {
      test(`keeps its books when a deletion is ${cut === 'reset' ? 'cut off before' : 'cut off after'} its request ${nth}, and the process ends`, async () => {
        let asked = Number.NEGATIVE_INFINITY
        let isCut = false
        const meddler = await openMeddler(influxd().url, () => {
          // A connection that was used before is tried again at once: cut that, too.
          if (isCut || asked++ >= nth) {
            isCut = true
            return { cut, reaches: cut === 'half' && asked === nth + 1 }
          }
          return undefined
        })
        const settings = settingsFor(meddler.url, { timeoutMs: 5000 })
        const open = async (url: string) => {
          const store = createInfluxStore({
            ...settings,
            url,
            directory: await temporaryDirectory(),
            clock: Date.now,
          })
          onTestFinished(() => store.close())
          return store
        }
        const rows = Array.from({ length: 6 }, (_, i) =>
          row(i + 1, passage({ at: someMoment + i }), place(1 + (i % 2))),
        )
        const store = await open(meddler.url)
        await store.write({ journal: 'j', rows, next: 6 })
        const expiry = { kind: 'passage', before: someMoment + 4 } as const
        asked = 0
        expect(await store.expire(expiry).catch(codeOf)).toBe('STORE_UNAVAILABLE')

        const next = await open(influxd().url)
        await next.write({ journal: 'j', rows: [row(7, passage({ at: someMoment }), place(1))], next: 7 })
        const books = new Map([['d1', 4], ['d2', 3]]) // biome-ignore format: pairs
        expect(await next.countByDevice('j', 7)).toEqual(books)
        await next.expire(expiry)
        expect(await next.countByDevice('j', 7)).toEqual(books)
        expect(await next.oldest('passage')).toBe(someMoment + 4)
      })
    }
  }
})
