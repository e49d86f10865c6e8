import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { codeOf } from '../../core/errors.ts'
import { type DuckDbStoreOptions, openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'

async function openIn(directory: string, change: Partial<DuckDbStoreOptions> = {}): Promise<Store> {
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

function startWriter(directory: string, mode = 'write'): ChildProcess {
  const child = fork(new URL('./store-writer.child.ts', import.meta.url), [directory, mode])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

const rowsFrom = (from: number, count: number) => Array.from({ length: count }, (_, i) => row(from + i))
const everything = { from: 0, to: 8e15, offsetMs: 0 }
/** Seconds of work for two threads: to be interrupted. */
const endless = {
  kind: 'passage',
  segments: [everything],
  stepMs: 1,
  by: ['device', 'site', 'building', 'point'],
  where: {},
} as const

describe('a DuckDB store', () => {
  test('has, however often its process is killed while it writes, what was confirmed, and each row once', async () => {
    const directory = await temporaryDirectory()
    let confirmed = 0
    for (let round = 0; round < 10; round++) {
      const child = startWriter(directory)
      const [{ applied }] = await once(child, 'message')
      expect(applied).toBeGreaterThanOrEqual(confirmed)
      let batches = 0
      const enough = Promise.withResolvers<void>()
      child.on('message', (message: { confirmed: number }) => {
        confirmed = message.confirmed
        if (++batches === 1 + round) enough.resolve()
      })
      await enough.promise
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const store = await openIn(directory)
    const applied = await store.applied('j')
    expect(applied).toBeGreaterThanOrEqual(confirmed)
    const counts = await store.countByDevice('j', Number.MAX_SAFE_INTEGER)
    expect([...counts.values()].reduce((a, b) => a + b, 0)).toBe(applied)
    await store.close()

    const instance = await DuckDBInstance.create(join(directory, 'lintel.duckdb'))
    const connection = await instance.connect()
    const distinct = await connection.runAndReadAll(
      'SELECT count(DISTINCT seq)::INTEGER, max(seq)::INTEGER FROM (SELECT seq FROM passage UNION ALL SELECT seq FROM health)',
    )
    expect(distinct.getRows()).toEqual([[applied, applied]])
    const names = await connection.runAndReadAll(
      'SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM place UNION ALL SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM word',
    )
    for (const [all, different] of names.getRows()) expect(different).toBe(all)
    connection.closeSync()
    instance.closeSync()
  })

  test('that another process has open is unavailable, says why, and is there once the other has ended', async () => {
    const directory = await temporaryDirectory()
    const holder = startWriter(directory, 'hold')
    await once(holder, 'message')
    const faults: unknown[] = []
    const store = await openIn(directory, { onFault: error => faults.push(error) })
    expect(codeOf(faults[0])).toBe('STORE_UNAVAILABLE')
    await expect(store.applied('j')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/lock/),
    })
    await expect(store.write({ journal: 'j', rows: rowsFrom(1, 1), next: 1 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await expect(store.stats()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    holder.kill('SIGKILL')
    await vi.waitFor(() => store.applied('j'), { timeout: 20_000, interval: 20 })
    await store.write({ journal: 'j', rows: rowsFrom(1, 1), next: 1 })
    expect(await store.applied('j')).toBe(1)
  })

  test('answers questions while it writes, each of one moment', async () => {
    const store = await openIn(await temporaryDirectory())
    let written = 0
    let done = false
    const writing = (async () => {
      for (; written < 20_000; written += 500)
        await store.write({ journal: 'j', rows: rowsFrom(written + 1, 500), next: written + 500 })
      done = true
    })()
    let asked = 0
    while (!done) {
      const least = written
      const count = (await store.countByDevice('j', Number.MAX_SAFE_INTEGER)).get('d1') ?? 0
      expect(count % 500).toBe(0)
      expect(count).toBeGreaterThanOrEqual(least)
      asked++
    }
    await writing
    expect(asked).toBeGreaterThan(1)
  })

  test('closes while a query runs: the query fails, the file is free', async () => {
    const directory = await temporaryDirectory()
    const store = await openIn(directory)
    const count = 200_000
    const rows = Array.from({ length: count }, (_, i) =>
      row(i + 1, passage({ at: someMoment + i }), place((i % 50) + 1)),
    )
    await store.write({ journal: 'j', rows, next: count })
    const answers = Array.from({ length: 8 }, () => store.cells(endless).then(() => 'answered', codeOf))
    await store.close()
    for (const answer of await Promise.all(answers))
      expect(['answered', 'STORE_UNAVAILABLE']).toContain(answer)
    await expect(store.applied('j')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(store.write({ journal: 'j', rows: [], next: count + 1 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await store.close()
    const again = await openIn(directory)
    expect(await again.applied('j')).toBe(count)
  })

  test('has whole batches where it was closed while some were waiting', async () => {
    const directory = await temporaryDirectory()
    const store = await openIn(directory)
    const writes = [1, 501, 1001].map(from =>
      store.write({ journal: 'j', rows: rowsFrom(from, 500), next: from + 499 }),
    )
    await store.close()
    await Promise.allSettled(writes)
    const again = await openIn(directory)
    expect((await again.countByDevice('j', 1e9)).get('d1') ?? 0).toBe(await again.applied('j'))
  })

  test('keeps places apart where a registry that was begun anew has used their numbers again', async () => {
    const directory = await temporaryDirectory()
    const first = await openIn(directory)
    await first.write({ journal: 'j', rows: [row(1, passage(), place(1))], next: 1 })
    await first.close()
    const store = await openIn(directory)
    const other = place(1, { device: 'other', point: 'elsewhere' })
    await store.write({
      journal: 'k',
      rows: [row(1, passage(), other), row(2, passage(), place(1))],
      next: 2,
    })
    expect(await store.countByDevice('k', 9)).toEqual(
      new Map([
        ['other', 1],
        ['d1', 1],
      ]),
    )
    expect(await store.countByDevice('j', 9)).toEqual(new Map([['d1', 1]]))
    const cells = await store.cells({ ...endless, stepMs: 8e15, by: ['point'] })
    expect(cells.map(({ values, count }) => [...values, count]).sort()).toEqual([
      ['elsewhere', 1],
      ['p1', 2],
    ])
  })
})

const mayMount = process.platform === 'linux' && process.getuid?.() === 0
const mustMount = mayMount && process.env.CI === 'true'

/** A disk of its own, as small as asked for; undefined where none can be mounted. */
async function smallDisk(megabytes: number): Promise<string | undefined> {
  const directory = await temporaryDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], { stdio: 'pipe' })
  } catch (error) {
    if (mustMount) throw error
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}

const fullDisks = [
  { when: 'its log is written', diskMiB: 16, ballastMiB: 10, reopened: false },
  // DuckDB writes 16 MiB of log before it moves it into the file; failing there invalidates the instance.
  { when: 'its log is moved into the file', diskMiB: 24, ballastMiB: 6, reopened: true },
]
for (const { when, diskMiB, ballastMiB, reopened } of fullDisks) {
  test.skipIf(!mayMount)(
    `a DuckDB store whose disk is full when ${when} stores nothing by halves, and goes on by itself once there is room`,
    async context => {
      const disk = await smallDisk(diskMiB)
      if (disk === undefined) return context.skip('no tmpfs can be mounted here')
      const ballast = join(disk, 'ballast')
      const faults: unknown[] = []
      const store = await openIn(disk, { onFault: error => faults.push(error) })
      writeFileSync(ballast, Buffer.alloc(ballastMiB * 1024 * 1024))

      /** As the intake does, from what was applied: a write that failed may have been made. */
      async function writeNext(): Promise<void> {
        const from = (await store.applied('j')) + 1
        const rows = Array.from({ length: 20_000 }, (_, i) => noisyRow(from + i))
        await store.write({ journal: 'j', rows, next: from + rows.length - 1 })
      }
      let failure: unknown
      for (let i = 0; i < 100 && failure === undefined; i++) {
        failure = await writeNext().then(
          () => undefined,
          error => error,
        )
      }
      expect(codeOf(failure)).toBe('STORE_WRITE_FAILED')
      expect(faults.some(error => String(error).includes('has to be opened anew'))).toBe(reopened)

      await rm(ballast)
      await vi.waitFor(writeNext, { timeout: 25_000, interval: 50 })
      const applied = await store.applied('j')
      expect(applied).toBeGreaterThan(20_000)
      expect(await store.countByDevice('j', 1e9)).toEqual(new Map([['d1', applied]]))
      expect(existsSync(join(disk, `damaged-${someMoment}.duckdb`))).toBe(false)
    },
  )
}

/** Measurements that do not compress. */
function noisyRow(seq: number) {
  const noise = Math.sin(seq * 12.9898) * 43_758.5453
  const data = { uptimeS: seq * 97, rssiDbm: -(Math.abs(noise) % 1) * 90, temperatureC: (noise % 1) * 50 }
  return row(seq, { ...passage({ at: someMoment + Math.floor(Math.abs(noise)) }), kind: 'health', data })
}
