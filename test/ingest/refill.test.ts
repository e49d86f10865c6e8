import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { takeLedger } from '../../api/ledger.ts'
import { codeOf } from '../../core/errors.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createRefill } from '../../ingest/intake/refill.ts'
import { toRows } from '../../ingest/intake/rows.ts'
import { readDeleted } from '../../ingest/retention/deleted.ts'
import type { Deletion } from '../../ingest/retention/deletions.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row } from '../../ingest/store/store.ts'
import { item, passage, someMoment } from '../support/records.ts'

const count = 10_000

/** A journal of some stretches, and a store that has lost what `isLost`. */
async function setUp(isLost: (row: Row) => boolean, deletions: readonly Deletion[] = []) {
  const journal = createMemoryJournal(() => someMoment)
  const items = Array.from({ length: count }, (_, i) =>
    item(`n${i}`, passage({ at: someMoment + i, receivedAt: someMoment + i })),
  )
  journal.note('d1', 'event', { received: count })
  await journal.append('d1', items)
  const store = createMemoryStore()
  const rows = toRows(journal.read(0, count).entries)
  await store.write({ journal: journal.id, rows: rows.filter(row => !isLost(row)), next: count })
  const faults: unknown[] = []
  const deleted = () => readDeleted({ list: () => [...deletions] })
  const sums = vi.spyOn(store, 'sums')
  const refill = createRefill(
    { journal, store, applied: () => count, deleted, onFault: error => faults.push(error) },
    { everyMs: 1, stretches: 32 },
  )
  onTestFinished(() => refill.stop())
  const compared = (times: number) =>
    vi.waitFor(() => expect(sums.mock.calls.length).toBeGreaterThan(times), { interval: 1 })
  const stored = async () => (await store.stats()).rows.passage
  return { journal, store, refill, faults, compared, stored, deleted }
}

describe('the refill', () => {
  test('gives the store what it lost, once, and says how much', async () => {
    const { refill, stored, faults, compared, journal, store } = await setUp(({ seq }) => seq % 100 === 7)
    expect(await takeLedger(journal, store)).toMatchObject({ balanced: false })
    await refill.start!()
    await vi.waitFor(async () => expect(await stored()).toBe(count), { interval: 1 })
    await compared(5)
    expect(refill.stats()).toEqual({ refilled: 100, missing: 0, foreign: 0 })
    expect(faults.map(codeOf)).toEqual(Array(3).fill('STORE_INCOMPLETE'))
    expect(String(faults[0])).toMatch(/^LintelError: 41 rows .* positions 1 to 4096, received between 2026-/)
    expect(await takeLedger(journal, store)).toMatchObject({ balanced: true, differing: [] })
  })

  test('asks no more once all is there, but now and then', async () => {
    const { refill, faults, compared } = await setUp(() => false)
    await refill.start!()
    await compared(2)
    expect(refill.stats()).toEqual({ refilled: 0, missing: 0, foreign: 0 })
    expect(faults).toEqual([])
  })

  test('says what is missing and can no longer be written again', async () => {
    const { refill, stored, faults, journal, compared } = await setUp(({ seq }) => seq <= 10)
    await journal.trim(8, someMoment + 1)
    await refill.start!()
    await vi.waitFor(async () => expect(await stored()).toBe(count - 8), { interval: 1 })
    await compared(5)
    expect(refill.stats()).toEqual({ refilled: 2, missing: 8, foreign: 0 })
    expect(faults.map(String).filter(text => text.includes('holds them no longer'))).toHaveLength(1)
  })

  test('leaves what a deletion on record was to delete', async () => {
    const deletion: Deletion = { number: 1, kind: 'passage', before: someMoment + 50, why: 'erasure', at: someMoment + count, rows: 50, of: { device: 'd1' } } // biome-ignore format: one line
    const { refill, stored, compared, journal, store, deleted } = await setUp(
      ({ seq }) => seq <= 50,
      [deletion],
    )
    await refill.start!()
    await compared(5)
    expect(await stored()).toBe(count - 50)
    expect(refill.stats()).toEqual({ refilled: 0, missing: 0, foreign: 0 })
    expect((await takeLedger(journal, store, deleted())).differing).toEqual([])
  })

  test('counts rows that stand where the journal gave a position to no row', async () => {
    const { refill, store, journal } = await setUp(() => false)
    const { entries } = journal.read(0, 1)
    await store.refill(journal.id, toRows(entries))
    await refill.start!()
    await vi.waitFor(async () => expect((await takeLedger(journal, store)).balanced).toBe(false), {
      interval: 1,
    })
  })
})

test('a ledger whose counts add up by chance tells where rows are missing, and where others stand in their place', async () => {
  const { journal, store } = await setUp(({ seq }) => seq === 5)
  const [fifth] = toRows(journal.read(5, 1).entries)
  await store.refill(journal.id, [{ ...fifth!, seq: 9000 }])
  const ledger = await takeLedger(journal, store)
  expect(ledger.total.difference).toBe(0)
  expect(ledger).toMatchObject({
    balanced: false,
    differing: [
      { first: 1, last: 4096, missing: 1 },
      { first: 8193, last: 10_000, missing: -1 },
    ],
  })
})
