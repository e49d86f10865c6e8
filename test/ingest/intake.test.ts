import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createCursors } from '../../core/cursors.ts'
import { codeOf, LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { JournalReader } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createIntake, intakeConsumer } from '../../ingest/intake/intake.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row, RowBatch, Store } from '../../ingest/store/store.ts'
import { item, passage, someMoment, somewhere } from '../support/records.ts'

const quick = { batchRows: 4, paceMs: 1, retry: { firstMs: 1, maxMs: 2 } }
const snapshot = { ...passage(), kind: 'snapshot', data: { bytes: 9 } } as const

interface Change {
  /** Wraps the store that is written to. */
  store?: (store: Store) => Store
  reader?: (reader: JournalReader) => JournalReader
  options?: typeof quick
}

function setUp({
  store: wrap = store => store,
  reader: wrapReader = reader => reader,
  options = quick,
}: Change = {}) {
  const journal = createMemoryJournal(() => someMoment)
  const kept = createMemoryStore()
  const cursors = createCursors(createMemoryState(), journal)
  const faults: unknown[] = []
  const intake = createIntake(
    {
      journal: wrapReader(journal),
      store: wrap(kept),
      cursors,
      random: () => 0,
      onFault: error => faults.push(error),
    },
    options,
  )
  onTestFinished(() => intake.stop())
  const cursor = () => cursors.get(intakeConsumer)
  const caughtUp = () => vi.waitFor(() => expect(cursor()).toBe(journal.end()), { interval: 1 })
  const append = (from: number, count: number) =>
    journal.append(
      'd1',
      Array.from({ length: count }, (_, i) => item(`n${from + i}`)),
    )
  const stored = async () => (await kept.countByDevice(journal.id, Number.MAX_SAFE_INTEGER)).get('d1') ?? 0
  return { journal, kept, cursors, faults, intake, cursor, caughtUp, append, stored }
}

/** A store whose writes go through `act` first. */
const onWrite =
  (act: (batch: RowBatch, write: () => Promise<void>) => Promise<void>) =>
  (store: Store): Store => ({
    ...store,
    write: batch => act(batch, () => store.write(batch)),
  })

describe('the intake', () => {
  test('carries what is in the journal into the store, in batches, and goes on with what comes', async () => {
    const sizes: number[] = []
    const { intake, append, caughtUp, stored } = setUp({
      store: onWrite(async (batch, write) => {
        sizes.push(batch.rows.length)
        await write()
      }),
    })
    await append(0, 10)
    await intake.start!()
    await caughtUp()
    expect(sizes).toEqual([4, 4, 2])
    await append(10, 3)
    await caughtUp()
    expect(await stored()).toBe(13)
    const { writes, ...stats } = intake.stats()
    expect(writes.cumulative().count).toBe(4)
    expect(stats).toEqual({
      applied: 13,
      rows: 13,
      failures: 0,
      failing: 0,
      damaged: 0,
      freed: 0,
      forks: 0,
    })
  })

  test('leaves snapshots out and moves past them all the same', async () => {
    const { intake, journal, caughtUp, stored } = setUp()
    await journal.append('d1', [item('s1', snapshot)], 'snapshot')
    await journal.append('d1', [item('a')])
    await journal.append('d1', [item('s2', snapshot)], 'snapshot')
    await intake.start!()
    await caughtUp()
    expect(await stored()).toBe(1)
    expect(intake.stats()).toMatchObject({ applied: 3, rows: 1, damaged: 0 })
  })

  test('moves its cursor only after the store has confirmed', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const { intake, append, cursor, caughtUp } = setUp({
      store: onWrite(async (_, write) => {
        entered.resolve()
        await gate.promise
        await write()
      }),
    })
    await append(0, 2)
    await intake.start!()
    await entered.promise
    expect(cursor()).toBe(0)
    gate.resolve()
    await caughtUp()
  })

  for (const when of ['before', 'after'] as const) {
    test(`tries again while the store fails ${when} it has written, and stores everything once`, async () => {
      let failures = 5
      const { intake, append, caughtUp, stored, faults } = setUp({
        store: onWrite(async (_, write) => {
          if (when === 'after') await write()
          if (failures-- > 0) throw new LintelError('STORE_WRITE_FAILED', 'not now')
          if (when === 'before') await write()
        }),
      })
      await append(0, 10)
      await intake.start!()
      await caughtUp()
      expect(await stored()).toBe(10)
      // One that had been written is found applied, and the next batch fails in its stead.
      const failed = when === 'before' ? 5 : 3
      expect(intake.stats().failures).toBe(failed)
      expect(faults.map(codeOf)).toEqual(Array(failed).fill('STORE_WRITE_FAILED'))
    })
  }

  test('says how far it is while the store fails, too', async () => {
    let down = false
    const { intake, append, caughtUp, faults } = setUp({
      store: onWrite(async (_, write) => {
        if (down) throw new LintelError('STORE_UNAVAILABLE', 'down')
        await write()
      }),
    })
    await append(0, 5)
    await intake.start!()
    await caughtUp()
    down = true
    await append(5, 1)
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(1), { interval: 1 })
    expect(intake.stats()).toMatchObject({ applied: 5, failing: expect.any(Number) })
    down = false
    await caughtUp()
  })

  test('begins while the store is down, and goes on once it is up', async () => {
    let down = true
    const { intake, append, caughtUp, stored, faults, cursor } = setUp({
      store: store => ({
        ...store,
        async applied(journal) {
          if (down) throw new LintelError('STORE_UNAVAILABLE', 'down')
          return store.applied(journal)
        },
      }),
    })
    await append(0, 5)
    await intake.start!()
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(3), { interval: 1 })
    expect(cursor()).toBe(0)
    down = false
    await caughtUp()
    expect(await stored()).toBe(5)
  })

  test('fills a store that was lost from what the journal still holds', async () => {
    const { intake, append, caughtUp, journal, cursors, cursor, kept } = setUp()
    await append(0, 9)
    await intake.start!()
    await caughtUp()
    await intake.stop()
    await journal.trim(3, someMoment + 1)
    const second = createMemoryStore()
    const again = createIntake({ journal, store: second, cursors, random: () => 0, onFault: () => {} }, quick)
    onTestFinished(() => again.stop())
    await again.start!()
    await vi.waitFor(async () => expect(await second.applied(journal.id)).toBe(9), { interval: 1 })
    expect(cursor()).toBe(9)
    expect(await second.countByDevice(journal.id, 9)).toEqual(new Map([['d1', 6]]))
    expect(await kept.countByDevice(journal.id, 9)).toEqual(new Map([['d1', 9]]))
  })

  test('counts and reports what cannot be read back, once, and goes on behind it', async () => {
    let failures = 2
    const { intake, append, caughtUp, stored, faults } = setUp({
      reader: reader => ({
        ...reader,
        read(seq, limit) {
          const { entries, next, freed } = reader.read(seq, limit)
          const whole = entries.filter(entry => entry.seq !== 2 && entry.seq !== 3)
          return { entries: whole, next, damaged: entries.length - whole.length, freed }
        },
      }),
      store: onWrite(async (_, write) => {
        if (failures-- > 0) throw new LintelError('STORE_WRITE_FAILED', 'not now')
        await write()
      }),
    })
    await append(0, 6)
    await intake.start!()
    await caughtUp()
    expect(await stored()).toBe(4)
    expect(intake.stats()).toMatchObject({ damaged: 2, failures: 2, rows: 4 })
    const told = faults.filter(error => codeOf(error) === 'JOURNAL_CORRUPT').map(String)
    expect(told).toEqual([
      expect.stringContaining('2 records before position 4 are missing or could not be read back'),
    ])
  })

  test('takes what is new where the journal was replaced by an older copy, and says so', async () => {
    const { intake, append, kept, journal, faults, stored, caughtUp } = setUp()
    await append(0, 2)
    const rows = [1, 2, 3, 4, 5].map(seq => ({ seq, place: somewhere, record: passage() }) as Row)
    await kept.write({ journal: journal.id, rows, next: 5, epochs: [{ epoch: 'memory', seq: 5 }] })
    await intake.start!()
    await vi.waitFor(() => expect(faults.map(codeOf)).toEqual(['JOURNAL_FORKED']), { interval: 1 })
    expect(String(faults[0])).toContain('up to 5, and has it in common up to 2')
    await append(2, 4)
    await caughtUp()
    expect(await stored()).toBe(6)
    expect((await kept.stats()).rows.passage).toBe(9)
    expect(intake.stats()).toMatchObject({ applied: 6, forks: 1 })
  })

  test('ends the batch that it is in when it is stopped, and begins no other', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const { intake, append, cursor, stored } = setUp({
      store: onWrite(async (_, write) => {
        entered.resolve()
        await gate.promise
        await write()
      }),
    })
    await append(0, 10)
    await intake.start!()
    await entered.promise
    const stopped = intake.stop()
    gate.resolve()
    await stopped
    expect(cursor()).toBe(4)
    expect(await stored()).toBe(4)
  })

  test('stops at once while it waits to try again, and in the middle of a try that fails', async () => {
    const entered = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const { intake, append, faults } = setUp({
      options: { ...quick, retry: { firstMs: 3_600_000, maxMs: 3_600_000 } },
      store: onWrite(async () => {
        entered.resolve()
        await gate.promise
        throw new LintelError('STORE_WRITE_FAILED', 'never')
      }),
    })
    await append(0, 1)
    await intake.start!()
    await entered.promise
    const stopped = intake.stop()
    gate.resolve()
    await stopped
    expect(faults).toHaveLength(1)

    const waiting = setUp({
      options: { ...quick, retry: { firstMs: 3_600_000, maxMs: 3_600_000 } },
      store: onWrite(async () => Promise.reject(new LintelError('STORE_WRITE_FAILED', 'never'))),
    })
    await waiting.append(0, 1)
    await waiting.intake.start!()
    await vi.waitFor(() => expect(waiting.faults).toHaveLength(1), { interval: 1 })
    await waiting.intake.stop()
  })

  test('can be stopped though it was never started', async () => {
    await setUp().intake.stop()
  })
})
