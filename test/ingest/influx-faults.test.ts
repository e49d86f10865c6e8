import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openInfluxd } from '../../bench/influx/influxd.ts'
import { dayMs } from '../../core/clock.ts'
import { createCursors } from '../../core/cursors.ts'
import { codeOf, LintelError, messageOf } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createIntake } from '../../ingest/intake/intake.ts'
import type { InfluxSettings } from '../../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import type { Row, RowBatch, Store } from '../../ingest/store/store.ts'
import { eventually } from '../support/eventually.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { type Fault, openMeddler, type Seen } from '../support/meddler.ts'
import { printedSeed, seededRandom } from '../support/random.ts'
import { item, passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { row } from './store-batch.ts'

async function open(settings: InfluxSettings) {
  const directory = await temporaryDirectory()
  const faults: unknown[] = []
  const store = createInfluxStore({
    ...settings,
    directory,
    clock: Date.now,
    onFault: error => faults.push(error),
  })
  onTestFinished(() => store.close())
  const aside = () =>
    readFileSync(join(directory, 'rejected-lines.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { at: string; reason: string; line: string })
  return { store, faults, aside, directory }
}

const rowsFrom = (from: number, count: number) => Array.from({ length: count }, (_, i) => row(from + i))
const batchOf = (rows: readonly Row[]): RowBatch => ({ journal: 'j', rows, next: rows.at(-1)!.seq })
const all = { kind: 'passage', segments: [{ from: 0, to: 8e15, offsetMs: 0 }], stepMs: dayMs, by: [], where: {} } as const // biome-ignore format: one line
const passages = async (store: Store) => (await store.cells(all)).reduce((sum, { count }) => sum + count, 0)
const counted = async (store: Store) =>
  [...(await store.countByDevice('j', Number.MAX_SAFE_INTEGER)).values()].reduce((a, b) => a + b, 0)
const isWrite = ({ path }: Seen) => /write/.test(path)
const json = { 'content-type': 'application/json' }
const html = { 'content-type': 'text/html' }

/** A row that its server refuses after `spoil`: a number where another program has put a text. */
const badRow = (seq: number) =>
  row(seq, { ...passage(), kind: 'health', data: { uptimeS: 1, freeBytes: 5 } } as EventRecord)
const spoiling = `health freeBytes="full" ${someMoment}000000`

describeInfluxd('an InfluxDB as the store', influxd => {
  /** The same, with something wrong with the n-th write (from 0), once. */
  async function faulty(fault: Fault, nth: number, change: Partial<InfluxSettings> = {}) {
    let writes = 0
    const meddler = await openMeddler(influxd().url, asked => {
      if (isWrite(asked) && writes++ === nth) return fault
      return undefined
    })
    const settings = settingsFor(meddler.url, change)
    return { ...(await open(settings)), seen: meddler.seen, settings }
  }

  const down = 'STORE_UNAVAILABLE'
  const failed = 'STORE_WRITE_FAILED'
  const cases: { title: string; fault: Fault; code: string; say: RegExp }[] = [
    { title: '401', fault: { status: 401, body: '{"error":"authorization failed"}' }, code: down, say: /401.*authorization failed.*files/ },
    { title: '403', fault: { status: 403, body: '{"error":"not allowed"}' }, code: down, say: /403.*not allowed/ },
    { title: '500', fault: { status: 500, body: '{"error":"engine: cache maximum memory size exceeded"}' }, code: failed, say: /500: engine/ },
    { title: '500 since its disk is full', fault: { status: 500, body: '{"error":"write /var/lib/influxdb/wal/1.wal: no space left on device"}' }, code: failed, say: /500: .*no space left/ },
    { title: '400 for a limit of its own', fault: { status: 400, body: '{"error":"partial write: max-values-per-tag limit exceeded (100000/100000): measurement=\\"passage\\" dropped=3"}' }, code: failed, say: /max-values-per-tag/ },
    { title: '502 with a page', fault: { status: 502, headers: html, body: '<html>' }, code: down, say: /502.*proxy/ },
    { title: '400 with a page', fault: { status: 400, headers: html, body: '<html>' }, code: down, say: /400.*proxy/ },
    { title: '200 with a page', fault: { status: 200, headers: html, body: '<html>Please log in' }, code: down, say: /200.*text\/html.*proxy/ },
    { title: '200 with nothing', fault: { status: 200 }, code: down, say: /200/ },
    { title: '201, which is for a part', fault: { status: 201, headers: json, body: '{"error":"partial write"}' }, code: failed, say: /201/ },
    { title: 'a redirection', fault: { status: 307, headers: { location: 'http://127.0.0.1:1/' } }, code: down, say: /307/ },
    { title: 'a reset', fault: { cut: 'reset', reaches: false }, code: down, say: /InfluxDB at http/ },
    { title: 'a reset once the rows are in', fault: { cut: 'reset', reaches: true }, code: down, say: /InfluxDB at http/ },
    { title: 'a reset amid its answer', fault: { cut: 'half', reaches: true }, code: down, say: /InfluxDB at http/ },
    { title: 'silence', fault: { cut: 'silence', reaches: false }, code: down, say: /no whole answer within 1 s/ },
    { title: 'silence once the rows are in', fault: { cut: 'silence', reaches: true }, code: down, say: /no whole answer within 1 s/ },
    { title: 'an answer that never ends', fault: { cut: 'drip', reaches: true }, code: down, say: /no whole answer within 1 s/ },
  ] // biome-ignore format: a table
  for (const { title, fault, code, say } of cases) {
    for (const nth of [1, 3]) {
      test(`that answers write ${nth} of 4 with ${title} has each row once when it is tried again`, async () => {
        // A connection that was used before may be broken: that is tried again at once.
        const timeoutMs = 'cut' in fault && /silence|drip/.test(fault.cut) ? 1000 : 20_000
        const { store, seen, settings } = await faulty(fault, nth, { timeoutMs })
        const batch = batchOf(rowsFrom(1, 3 * 4096 - 7))
        const error = await store.write(batch).then(
          () => undefined,
          error => error,
        )
        if (error !== undefined) {
          expect({ code: codeOf(error), text: messageOf(error) }).toEqual({ code, text: expect.stringMatching(say) }) // biome-ignore format: one line
          // The last of them is the position.
          const isThere = nth === 3 && 'reaches' in fault && fault.reaches
          expect(await store.applied('j')).toBe(isThere ? batch.next : 0)
          await (await open({ ...settings, timeoutMs: 20_000 })).store.write(batch)
        } else expect('cut' in fault && fault.cut).toBe('reset')
        expect(await store.applied('j')).toBe(batch.next)
        expect(await passages(store)).toBe(batch.rows.length)
        expect(await counted(store)).toBe(batch.rows.length)
        expect((await store.stats()).rejected).toBe(0)
        expect(seen.filter(isWrite).length).toBeGreaterThanOrEqual(4)
      })
    }
  }

  test('that answers 429 is left alone for as long as it asks for', async () => {
    const { store, seen } = await faulty(
      { status: 429, headers: { 'retry-after': '1' }, body: '{"error":"too many"}' },
      0,
    )
    await expect(store.write(batchOf(rowsFrom(1, 3)))).rejects.toMatchObject({
      code: down,
      message: 'InfluxDB asks to wait 1 s (429)',
    })
    const before = seen.filter(isWrite).length
    const began = performance.now()
    await store.write(batchOf(rowsFrom(1, 3)))
    expect(performance.now() - began).toBeGreaterThan(900)
    expect(seen.filter(isWrite).length).toBe(before + 2)
    expect(await passages(store)).toBe(3)
  })

  test('that asks to wait for an hour does not keep the store from being closed', async () => {
    const { store } = await faulty({ status: 503, headers: { 'retry-after': '3600' }, body: '{}' }, 0)
    const batch = batchOf(rowsFrom(1, 3))
    await expect(store.write(batch)).rejects.toMatchObject({ code: down })
    const waiting = store.write(batch)
    await Promise.all([store.close(), expect(waiting).rejects.toMatchObject({ code: down })])
  })

  test('that takes no long requests gets short ones', async () => {
    const narrow = await openInfluxd(['max-body-size = 100000'])
    onTestFinished(() => narrow.stop())
    const { store } = await open(settingsFor(narrow.url))
    await store.write(batchOf(rowsFrom(1, 10_000)))
    expect(await passages(store)).toBe(10_000)
    expect((await store.stats()).rejected).toBe(0)
  })

  test('that refuses one row of 5000 has the others, and the row is kept aside with its reason', async () => {
    const meddler = await openMeddler(influxd().url, () => undefined)
    const settings = settingsFor(meddler.url)
    const random = seededRandom(printedSeed('one bad row'))
    for (const at of [0, 4999, 4095, 4096, Math.floor(random() * 5000)]) {
      const { store, aside, faults } = await open({ ...settings, database: `${settings.database}-${at}` })
      await store.write({ journal: 'j', rows: [], next: 1 })
      await influxd().write(`${settings.database}-${at}`, spoiling)
      const before = meddler.seen.filter(isWrite).length
      const rows = Array.from({ length: 5000 }, (_, i) => (i === at ? badRow(i + 2) : row(i + 2)))
      await store.write(batchOf(rows))
      // Two chunks and the position would have done without it.
      expect(meddler.seen.filter(isWrite).length - before - 3).toBeLessThanOrEqual(14)
      expect(await counted(store)).toBe(4999)
      expect(await store.applied('j')).toBe(5001)
      expect(aside()).toEqual([
        {
          at: expect.stringMatching(/^\d{4}-.*Z$/),
          reason: expect.stringContaining('field type conflict'),
          line: expect.stringMatching(new RegExp(`^health,.*seq=${at + 2}i`)),
        },
      ])
      expect((await store.stats()).rejected).toBe(1)
      expect(messageOf(faults[0])).toMatch(/refuses 1 of 5000 rows for good, kept in .*field type conflict/)
    }
  })

  test('that refuses many rows, or all of them, has every other, and goes on', async () => {
    const random = seededRandom(printedSeed('many bad rows'))
    for (const share of [0.01, 0.3, 1]) {
      const settings = settingsFor(influxd().url)
      const { store, aside } = await open(settings)
      await store.write({ journal: 'j', rows: [], next: 1 })
      await influxd().write(settings.database, spoiling)
      const isBad = Array.from({ length: 1000 }, () => random() < share)
      await store.write(batchOf(isBad.map((bad, i) => (bad ? badRow(i + 2) : row(i + 2)))))
      const bad = isBad.filter(Boolean).length
      expect(await counted(store)).toBe(1000 - bad)
      const lines = aside().map(({ line }) => Number(/seq=(\d+)i/.exec(line)![1]))
      expect(lines.sort((a, b) => a - b)).toEqual(isBad.flatMap((isOne, i) => (isOne ? [i + 2] : [])))
      await store.write(batchOf([row(1002)]))
      expect(await store.applied('j')).toBe(1002)
    }
  })

  test('that refuses whatever it is sent is waited for: nothing is kept aside as bad', async () => {
    let isOdd = true
    const meddler = await openMeddler(influxd().url, asked =>
      isOdd && isWrite(asked) ? { status: 400, body: '{"error":"unheard of"}' } : undefined,
    )
    const { store } = await open(settingsFor(meddler.url))
    const batch = batchOf(rowsFrom(1, 20))
    await expect(store.write(batch)).rejects.toMatchObject({ code: failed, message: /whatever.*unheard of/ })
    isOdd = false
    await store.write(batch)
    expect([await passages(store), (await store.stats()).rejected]).toEqual([20, 0])
  })

  test('that forgets what is old refuses it by the row, and keeps its position', async () => {
    const settings = settingsFor(influxd().url)
    const { store, aside } = await open(settings)
    await store.applied('j')
    await influxd().ask(
      `CREATE RETENTION POLICY short ON "${settings.database}" DURATION 2d REPLICATION 1 DEFAULT`,
    )
    const now = Date.now()
    const rows = [0, 1, 9, 1].map((days, i) => row(i + 1, passage({ at: now - days * dayMs })))
    await store.write(batchOf(rows))
    expect(await counted(store)).toBe(3)
    expect(await store.applied('j')).toBe(4)
    expect(aside()[0]!.reason).toMatch(/retention policy/)
  })

  test('that was lost while it was in use is said to be, and filled again', async () => {
    const settings = settingsFor(influxd().url)
    const { store } = await open(settings)
    await store.write(batchOf(rowsFrom(1, 5)))
    await influxd().ask(`DROP DATABASE "${settings.database}"`)
    const next = batchOf(rowsFrom(6, 5))
    await expect(store.write(next)).rejects.toMatchObject({ code: down, message: /lost what it had/ })
    expect(await store.applied('j')).toBe(0)
    await store.write(batchOf(rowsFrom(1, 10)))
    expect(await passages(store)).toBe(10)
  })
})

/** The journal and its intake before a store, as in the service. */
async function runIntake(settings: InfluxSettings, batchRows = 50) {
  const { store } = await open(settings)
  const journal = createMemoryJournal(() => someMoment)
  const faults: unknown[] = []
  const intake = createIntake(
    {
      journal,
      store,
      cursors: createCursors(createMemoryState(), journal),
      random: () => 0,
      onFault: error => faults.push(error),
    },
    { batchRows, paceMs: 1, retry: { firstMs: 10, maxMs: 50 } },
  )
  onTestFinished(() => intake.stop())
  await intake.start!()
  let appended = 0
  return {
    store,
    faults,
    append: (count: number) =>
      journal.append('d1', Array.from({ length: count }, () => item(`n${++appended}`))), // biome-ignore format: one line
    caughtUp: () => eventually(() => intake.stats().applied === journal.end() && journal.end() > 0, 20_000),
    stored: async () => (await store.countByDevice(journal.id, Number.MAX_SAFE_INTEGER)).get('d1') ?? 0,
    passages: () => passages(store),
  }
}

describeInfluxd('the intake before an InfluxDB', () => {
  test('loses and doubles nothing when that is killed again and again, and is started again', async () => {
    const influxd = await openInfluxd()
    onTestFinished(() => influxd.stop())
    const { append, caughtUp, stored, faults } = await runIntake(settingsFor(influxd.url))
    // An influxd 1.x that is killed while it makes a shard cannot open that again: they are made by this row.
    await append(1)
    await caughtUp()
    let total = 1
    for (let round = 0; round < 4; round++) {
      const before = await stored()
      await append(2000)
      total += 2000
      await eventually(async () => (await stored()) > before)
      await influxd.kill()
      await append(500)
      total += 500
      const failures = faults.length
      await eventually(() => faults.length > failures)
      await influxd.start()
      await caughtUp()
      expect(await stored()).toBe(total)
    }
    expect(faults.every(error => error instanceof LintelError && error.retryable)).toBe(true)
  })

  test('waits for one that is down at the start, and fills one that was swapped for an empty one', async () => {
    const influxd = await openInfluxd()
    onTestFinished(() => influxd.stop())
    await influxd.kill()
    const { append, caughtUp, stored, faults, store } = await runIntake(settingsFor(influxd.url))
    await append(300)
    await eventually(() => faults.length > 0)
    expect(codeOf(faults[0])).toBe('STORE_UNAVAILABLE')
    expect(codeOf(await store.cells(all).catch(error => error))).toBe('STORE_UNAVAILABLE')
    await influxd.start()
    await caughtUp()
    expect(await stored()).toBe(300)

    await influxd.kill()
    await influxd.empty()
    await influxd.start()
    await append(10)
    await eventually(async () => (await stored()) === 310, 20_000)
    expect(await passages(store)).toBe(310)
  })
})
