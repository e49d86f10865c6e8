import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../config/config.ts'
import { dayMs, hourMs } from '../../core/clock.ts'
import { codeOf, LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { createDeletions, type Deletion, type HeldDeletion } from '../../ingest/retention/deletions.ts'
import { isLarge } from '../../ingest/retention/hold-large.ts'
import { createRetention, type RetentionDays } from '../../ingest/retention/retention.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { eventually } from '../support/eventually.ts'
import { passage, someMoment } from '../support/records.ts'
import { place, row } from './store-batch.ts'

const startOfDay = (ms: number) => Math.floor(ms / dayMs) * dayMs

async function setUp(
  days: RetentionDays,
  change: Partial<Store> = {},
  everyMs = 5,
  mayDelete: (calls: number) => boolean = () => true,
) {
  const memory = createMemoryStore()
  // A slice of one row.
  const store = { ...memory, expire: (expiry: Parameters<Store['expire']>[0]) => memory.expire({ ...expiry, limit: 1 }), ...change } // biome-ignore format: one line
  const rows = [40, 30, 20, 0].map((ago, i) =>
    row(i + 1, passage({ at: someMoment - ago * dayMs }), place(i + 1)),
  )
  await memory.write({ journal: 'j', rows, next: 4 })
  const deletions = createDeletions(createMemoryState())
  const told: Deletion[] = []
  const faults: unknown[] = []
  let now = someMoment
  let calls = 0
  const held: HeldDeletion[] = []
  const retention = createRetention(
    {
      store,
      deletions,
      days,
      startOfDay,
      clock: () => now,
      mayDelete: () => mayDelete(++calls),
      onHeld: one => held.push(one),
      onDeletion: one => told.push(one),
      onFault: error => faults.push(error),
    },
    { everyMs },
  )
  onTestFinished(() => retention.stop())
  const left = async () => (await memory.stats()).rows.passage
  const pass = (ms: number) => {
    now += ms
  }
  return { retention, deletions, told, held, faults, left, pass, memory }
}

describe('retention', () => {
  test('lets rows go by whole days once these are as old as is said, and keeps a record of it', async () => {
    const { retention, deletions, told, left, pass } = await setUp({ passage: 25 })
    await retention.start!()
    await eventually(async () => told.length === 1)
    expect(await left()).toBe(2)
    const deletion = {
      number: 1, kind: 'passage', before: startOfDay(someMoment - 25 * dayMs), why: 'age', at: someMoment, expected: 2, rows: 2, oldestAt: someMoment - 20 * dayMs,
    } // biome-ignore format: one line
    expect(told).toEqual([deletion])
    expect(deletions.list(9)).toEqual([deletion])
    pass(6 * dayMs)
    await eventually(async () => told.length === 2)
    expect(deletions.latest().get('passage')).toMatchObject({ number: 2, rows: 1, oldestAt: someMoment })
    expect(deletions.list(1, 2)).toEqual([deletion])
  })

  test('keeps for ever what it is told nothing of', async () => {
    const { retention, left, told } = await setUp({ door: 1 })
    await retention.start!()
    await retention.stop()
    expect(await left()).toBe(4)
    expect(told).toEqual([])
  })

  test('goes on after a store that was away, and leaves no record of what it could not begin', async () => {
    let isDown = true
    const { retention, faults, deletions, told, memory } = await setUp(
      { passage: 25 },
      { oldest: async kind => {
        if (isDown) throw new LintelError('STORE_UNAVAILABLE', 'away')
        return memory.oldest(kind)
      } },
    ) // biome-ignore format: a fault
    await retention.start!()
    await eventually(() => faults.length > 0)
    expect(deletions.list(9)).toEqual([])
    isDown = false
    await eventually(() => told.length === 1)
  })

  test('keeps the record of a deletion that was cut off, with the rows that are known to be gone', async () => {
    let calls = 0
    const { retention, faults, deletions, memory } = await setUp(
      { passage: 25 },
      { expire: async expiry => {
        if (++calls === 2) throw new LintelError('STORE_UNAVAILABLE', 'away')
        return memory.expire({ ...expiry, limit: 1 })
      } }, 60_000,
    ) // biome-ignore format: a fault
    await retention.start!()
    await eventually(() => faults.length === 1)
    expect(deletions.list(9)).toEqual([
      {
        number: 1,
        kind: 'passage',
        before: startOfDay(someMoment - 25 * dayMs),
        why: 'age',
        at: someMoment,
        expected: 2,
        rows: 1,
      },
    ])
  })

  test('deletes nothing while the clock is in doubt, goes on once it is sure, and stops where a doubt begins', async () => {
    let isSure = false
    const { retention, deletions, left, told } = await setUp({ passage: 10 }, {}, 5, () => isSure)
    await retention.start!()
    await new Promise(resolve => setImmediate(resolve))
    expect([await left(), deletions.list(9)]).toEqual([4, []])
    isSure = true
    await eventually(async () => told.length === 1)
    expect(await left()).toBe(1)
  })

  test('stops between two slices where a doubt begins, and says that it was cut off', async () => {
    // Asked once for the kind, and once for each slice.
    const { retention, deletions, left } = await setUp({ passage: 10 }, {}, 60_000, calls => calls <= 8)
    await retention.start!()
    await eventually(async () => (await left()) < 4)
    await retention.stop()
    const [deletion] = deletions.list(9)
    expect(deletion).toMatchObject({ expected: 3, rows: 4 - (await left()) })
    expect(deletion!.oldestAt).toBeUndefined()
  })

  test('of unusually many rows waits until somebody allows it, and is told once', async () => {
    const counts = { passage: 5000 }
    const { retention, deletions, held, told, left } = await setUp(
      { passage: 10 },
      { countBefore: async ({ kind }) => (kind === 'passage' ? counts.passage : 0) },
      5,
    )
    await retention.start!()
    await eventually(() => held.length === 1)
    expect(deletions.held()).toMatchObject([{ kind: 'passage', expected: 5000, allowed: false }])
    expect([await left(), deletions.list(9)]).toEqual([4, []])
    await expect(deletions.allow('door')).rejects.toMatchObject({ code: 'DELETION_NOT_HELD' })
    await deletions.allow('passage')
    await eventually(() => told.length === 1)
    expect([await left(), deletions.held(), held.length]).toEqual([1, [], 1])
  })

  test('of a database that cannot delete is a fault, and no record', async () => {
    const unsupported = async () => {
      throw new LintelError('RETENTION_UNSUPPORTED', 'no')
    }
    const { retention, faults, deletions } = await setUp({ passage: 25 }, { expire: unsupported }, 60_000)
    await retention.start!()
    await eventually(() => faults.length === 1)
    expect(codeOf(faults[0])).toBe('RETENTION_UNSUPPORTED')
    expect(deletions.list(9)).toEqual([])
  })

  test('erases what comes from a place when it is asked to', async () => {
    const { retention, deletions, left } = await setUp({})
    const done = await retention.erase({ device: 'd2' }, someMoment + 1)
    expect(done).toMatchObject([{ kind: 'passage', of: { device: 'd2' }, why: 'erasure', rows: 1 }])
    expect(await left()).toBe(3)
    expect(deletions.list(9)).toEqual(done)
  })

  test('can be said of every kind that the store has', () => {
    const retention = Object.fromEntries(storedKinds.map(kind => [kind, 30]))
    expect(parseConfig({ retention }).retention).toEqual(retention)
    expect(() => parseConfig({ retention: { passage: 0 } })).toThrow(/retention\.passage: must be >= 1/)
  })
})

test('the record of deletions forgets its oldest beyond its bound', async () => {
  const deletions = createDeletions(createMemoryState(), 3)
  for (let at = 1; at <= 5; at++) {
    const begun = await deletions.begin({ kind: 'door', before: at, why: 'age', at })
    await deletions.keep({ ...begun, rows: 1, oldestAt: null })
  }
  expect(deletions.list(9).map(({ number }) => number)).toEqual([5, 4, 3])
})

const prospects = [
  { title: 'few rows', expected: 1000, of: 1000, days: 1000, since: undefined, large: false },
  { title: 'the day that is over', expected: 50_000, of: 50_000_000, days: 1095, since: 1, large: false },
  { title: 'the day that is over, of two that are kept', expected: 40_000, of: 100_000, days: 3, since: 1, large: false },
  { title: 'all rows', expected: 100_000, of: 100_000, days: 3650, since: 1, large: true },
  { title: 'a third, of a limit that is new', expected: 30_000, of: 90_000, days: 1500, since: undefined, large: true },
  { title: 'two weeks, after two weeks of which nothing was deleted', expected: 14_000, of: 44_000, days: 44, since: 14, large: false },
  { title: 'two weeks, at once', expected: 14_000, of: 44_000, days: 44, since: 1, large: true },
  { title: 'a year, after a year', expected: 365_000, of: 1_460_000, days: 1460, since: 365, large: true },
] as const // biome-ignore format: a table
for (const { title, expected, of, days, since, large } of prospects)
  test(`a deletion of ${title} ${large ? 'waits until it is allowed' : 'goes on by itself'}`, () => {
    const sinceLastMs = since === undefined ? undefined : since * dayMs + hourMs
    expect(isLarge({ expected, of, spanMs: days * dayMs, sinceLastMs })).toBe(large)
  })
