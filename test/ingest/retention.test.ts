import { describe, expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { parseConfig } from '../../core/config.ts'
import { codeOf, LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { createDeletions, type Deletion } from '../../ingest/retention/deletions.ts'
import { createRetention, type RetentionDays } from '../../ingest/retention/retention.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { eventually } from '../support/eventually.ts'
import { passage, someMoment } from '../support/records.ts'
import { place, row } from './store-batch.ts'

const startOfDay = (ms: number) => Math.floor(ms / dayMs) * dayMs

async function setUp(days: RetentionDays, change: Partial<Store> = {}, everyMs = 5) {
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
  const retention = createRetention(
    {
      store,
      deletions,
      days,
      startOfDay,
      clock: () => now,
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
  return { retention, deletions, told, faults, left, pass, memory }
}

describe('retention', () => {
  test('lets rows go by whole days once these are as old as is said, and keeps a record of it', async () => {
    const { retention, deletions, told, left, pass } = await setUp({ passage: 25 })
    await retention.start!()
    await eventually(async () => told.length === 1)
    expect(await left()).toBe(2)
    const deletion = {
      number: 1, kind: 'passage', before: startOfDay(someMoment - 25 * dayMs), why: 'age', at: someMoment, rows: 2, oldestAt: someMoment - 20 * dayMs,
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
        rows: 1,
      },
    ])
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
