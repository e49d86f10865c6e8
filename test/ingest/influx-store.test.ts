import { expect, onTestFinished, test } from 'vitest'
import { openInfluxd } from '../../bench/influx/influxd.ts'
import { codeOf } from '../../core/errors.ts'
import type { InfluxSettings } from '../../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row, storeContract } from './store-contract.ts'

async function open(settings: InfluxSettings): Promise<Store> {
  const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: Date.now })
  onTestFinished(() => store.close())
  return store
}

const always = { kind: 'passage', segments: [{ from: 0, to: 8e15, offsetMs: 0 }], stepMs: 86_400_000, where: {} } as const // biome-ignore format: one line
const rowsFrom = (from: number, count: number) => Array.from({ length: count }, (_, i) => row(from + i))

describeInfluxd('an InfluxDB 1.x as the store', influxd => {
  const fresh = () => open(settingsFor(influxd().url))
  storeContract('InfluxDB', fresh)

  test('goes on where it was after it is closed and opened again', async () => {
    const settings = settingsFor(influxd().url)
    const first = await open(settings)
    await first.write({ journal: 'j', rows: rowsFrom(1, 2), next: 2 })
    await first.close()
    const second = await open(settings)
    expect(await second.applied('j')).toBe(2)
    await second.write({ journal: 'j', rows: rowsFrom(2, 2), next: 3 })
    expect(await second.countByDevice('j', 9)).toEqual(new Map([['d1', 3]]))
  })

  test('answers what lies beyond what it can hold, before 1970, and in steps of a millisecond', async () => {
    const store = await fresh()
    const moments = [-5_000_000_000_001, -1, 0, 1, someMoment]
    await store.write({ journal: 'j', rows: moments.map((at, i) => row(i + 1, passage({ at }))), next: 5 })
    const cells = async (stepMs: number, offsetMs = 0) =>
      (await store.cells({ ...always, stepMs, by: [], segments: [{ from: -8e15, to: 8e15, offsetMs }] }))
        .map(({ localStart, count }) => [localStart, count])
        .sort(([a], [b]) => a! - b!)
    expect(await cells(1)).toEqual(moments.map(at => [at, 1]))
    expect(await cells(1, 7)).toEqual(moments.map(at => [at + 7, 1]))
    const day = 86_400_000
    const floor = (ms: number) => Math.floor(ms / day) * day
    expect(await cells(day, -1)).toEqual([
      [floor(-5_000_000_000_002), 1],
      [-day, 2],
      [0, 1],
      [floor(someMoment - 1), 1],
    ])
  })

  test('counts each row of its positions alone, though rows of a batch that was cut off may be there', async () => {
    const settings = settingsFor(influxd().url)
    const store = await open(settings)
    await store.write({ journal: 'j', rows: rowsFrom(1, 3), next: 3 })
    await store.write({ journal: 'j', rows: rowsFrom(4, 2), next: 5 })
    // As if the position of the second batch had not been written, and the process had ended.
    await influxd().write(settings.database, 'lintel_applied,journal=j seq=3i 4102444800000000000')
    expect(await store.applied('j')).toBe(3)
    expect(await store.countByDevice('j', 3)).toEqual(new Map([['d1', 3]]))
    expect((await store.cells({ ...always, by: [] }))[0]!.count).toBe(5)
    await store.write({ journal: 'j', rows: rowsFrom(4, 2), next: 5 })
    expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 5]]))
    expect((await store.cells({ ...always, by: [] }))[0]!.count).toBe(5)
  })

  test('keeps measurements apart from words: nothing in a name reaches another series', async () => {
    const store = await fresh()
    const names = [
      'x\\', 'a,b=c d', "o'hara; DROP DATABASE \"t\" --", '50% off', '%5C', '栋一 号', '🚪', 'a\nb c=1 1', ' ', '"', "') OR ('1'='1",
      'm,device=d1 n=1i', 'trailing\\,', '=', '\u0000', '\ttab\r',
    ] // biome-ignore format: a list
    const rows = names.map((site, i) => row(i + 1, passage(), place(i + 1, { site })))
    await store.write({ journal: "j'\\", rows, next: names.length })
    const cells = await store.cells({ ...always, by: ['device', 'site'] })
    expect(cells.map(({ values, count }) => [...values, count]).sort()).toEqual(
      names.map((site, i) => [`d${i + 1}`, site, 1]).sort(),
    )
    for (const site of names)
      expect(await store.cells({ ...always, by: ['site'], where: { site: [site] } })).toMatchObject([
        { values: [site], count: 1 },
      ])
    expect(await store.applied("j'\\")).toBe(names.length)
    expect(await store.countByDevice("j' OR '1'='1", 99)).toEqual(new Map())
  })

  test('leaves off at the number of cells that are wanted, however many there are', async () => {
    const store = await fresh()
    const rows = Array.from({ length: 30_000 }, (_, i) => row(i + 1, passage({ at: someMoment + i }), place(1 + (i % 50)))) // biome-ignore format: one line
    await store.write({ journal: 'j', rows, next: rows.length })
    const all = { ...always, stepMs: 1, by: ['device'] } as const
    expect(await store.cells({ ...all, limit: 1234 })).toHaveLength(1234)
    expect(await store.cells(all)).toHaveLength(30_000)
  })

  test('says how far back it goes and how much disk it takes', async () => {
    const store = await fresh()
    await store.write({
      journal: 'j',
      rows: [row(1), row(2, passage({ at: someMoment - 5 }))],
      next: 2,
    })
    const { oldestAt, bytes, rejected } = await store.stats()
    expect({ oldestAt, rejected }).toEqual({ oldestAt: someMoment - 5, rejected: 0 })
    expect(bytes).toBeGreaterThan(0)
  })

  test('is unavailable once it is closed', async () => {
    const store = await fresh()
    await store.close()
    expect(codeOf(await store.applied('j').catch(error => error))).toBe('STORE_UNAVAILABLE')
  })

  test('with a password gets in with the right one alone, and says what to look at', async () => {
    const guarded = await openInfluxd(['auth-enabled = true'])
    onTestFinished(() => guarded.stop())
    await guarded.ask(`CREATE USER boss WITH PASSWORD 'p:a ss' WITH ALL PRIVILEGES`)
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`
    const as = (pair: string) => open({ ...settingsFor(guarded.url), authorization: basic(pair) })
    const right = await as('boss:p:a ss')
    await right.write({ journal: 'j', rows: rowsFrom(1, 1), next: 1 })
    expect(await right.applied('j')).toBe(1)
    const wrong = await as('boss:guess')
    const refused = {
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/401.*files that store.influx names/),
    }
    await expect(wrong.write({ journal: 'j', rows: [], next: 1 })).rejects.toMatchObject(refused)
    await expect(wrong.cells({ ...always, by: [] })).rejects.toMatchObject(refused)
  })
})
