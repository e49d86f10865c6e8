import {
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LedgerRow, takeLedger } from '../../api/ledger.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row } from '../../ingest/store/store.ts'
import { place } from '../ingest/store-batch.ts'
import { item, parkedItem, passage, someMoment } from '../support/records.ts'

const snapshot = { ...passage(), kind: 'snapshot', data: { bytes: 9 } } as const

function setUp() {
  const journal = createMemoryJournal(() => someMoment)
  const store = createMemoryStore()
  /** What the intake does: some of what the journal holds, into the store. */
  async function carry(limit: number): Promise<void> {
    const { entries, next } = journal.read(await store.applied(journal.id), limit)
    const rows = entries.flatMap(({ seq, device, record: event }) =>
      event.kind === 'snapshot' ? [] : [{ seq, place: place(1, { device }), record: event } as Row],
    )
    await store.write({ journal: journal.id, rows, next })
  }
  const send = async (device: string, ids: readonly string[]) => {
    journal.note(device, 'event', { received: ids.length })
    await journal.append(
      device,
      ids.map(id => item(id)),
    )
  }
  return { journal, store, carry, send }
}

const counts = (change: Partial<LedgerRow>): LedgerRow => ({
  received: 0, stored: 0, duplicate: 0, parked: 0, refused: 0, queued: 0, difference: 0, ...change,
}) // biome-ignore format: one row

describe('the ledger', () => {
  test('is empty and balanced where nothing has come', async () => {
    const { journal, store } = setUp()
    expect(await takeLedger(journal, store)).toEqual({
      total: counts({}),
      devices: [],
      snapshots: counts({}),
      differing: [],
      balanced: true,
    })
  })

  test('says of each device where its events are now, in order of name', async () => {
    const { journal, store, carry, send } = setUp()
    await send('d2', ['a', 'b', 'a'])
    await carry(1)
    journal.note('d1', 'event', { received: 3, refused: 2 })
    await journal.append('d1', [parkedItem()])
    journal.note('d2', 'snapshot', { received: 3, refused: 1 })
    await journal.append('d2', [item('s', snapshot), item('t', snapshot)], 'snapshot')
    const seen = { ...snapshot, kind: 'sighting', data: { outcome: 'seen' } } as const
    await journal.append('d2', [item('seen s', seen)], 'snapshot')
    expect(await takeLedger(journal, store)).toEqual({
      devices: [
        { device: 'd1', ...counts({ received: 3, parked: 1, refused: 2 }) },
        { device: 'd2', ...counts({ received: 3, stored: 1, duplicate: 1, queued: 1 }) },
      ],
      total: counts({ received: 6, stored: 1, duplicate: 1, parked: 1, refused: 2, queued: 1 }),
      snapshots: counts({ received: 3, stored: 1, queued: 1, refused: 1 }),
      differing: [],
      balanced: true,
    })
  })

  test('counts everything as queued where there is no store', async () => {
    const { journal, send } = setUp()
    await send('d1', ['a', 'b'])
    expect(await takeLedger(journal, undefined)).toMatchObject({
      total: counts({ received: 2, queued: 2 }),
      differing: [],
      balanced: true,
    })
  })

  const mismatches: {
    title: string
    spoil: (parts: ReturnType<typeof setUp>) => Promise<unknown>
    difference: number
  }[] = [
    {
      title: 'a record that was freed before the store had it',
      spoil: ({ journal }) => journal.trim(1, someMoment + 1),
      difference: 1,
    },
    {
      title: 'a position that was applied without its row',
      spoil: ({ journal, store }) => store.write({ journal: journal.id, rows: [], next: 2 }),
      difference: 2,
    },
    {
      title: 'two rows that are there twice',
      spoil: async ({ journal, store, carry }) => {
        await carry(4)
        const rows = [5, 6].map(seq => ({ seq, place: place(1), record: passage() }) as Row)
        await store.write({ journal: journal.id, rows, next: 6 })
      },
      difference: -2,
    },
    {
      title: 'an event that was received and went nowhere',
      spoil: async ({ journal }) => journal.note('d1', 'event', { received: 1 }),
      difference: 1,
    },
    {
      title: 'the right device’s row written by someone else',
      spoil: ({ journal, store }) =>
        store.write({
          journal: journal.id,
          rows: [{ seq: 1, place: place(9, { device: 'd1' }), record: passage() } as Row],
          next: 1,
        }),
      difference: 0,
    },
  ]
  for (const { title, spoil, difference } of mismatches) {
    test(`shows a difference of ${difference} for ${title}`, async () => {
      const parts = setUp()
      await parts.send('d1', ['a', 'b', 'c'])
      await parts.send('d2', ['a'])
      await spoil(parts)
      const ledger = await takeLedger(parts.journal, parts.store)
      expect(ledger.devices.map(row => row.difference)).toEqual([difference, 0])
      expect(ledger.total.difference).toBe(difference)
      expect(ledger.balanced).toBe(difference === 0)
    })
  }

  test('is not balanced by two devices whose differences make up for each other', async () => {
    const { journal, store, send } = setUp()
    await send('d1', ['a'])
    await send('d2', ['a'])
    const rows = [1, 2].map(seq => ({ seq, place: place(1, { device: 'd1' }), record: passage() }) as Row)
    await store.write({ journal: journal.id, rows, next: 2 })
    const ledger = await takeLedger(journal, store)
    expect(ledger.total.difference).toBe(0)
    expect(ledger.devices.map(({ difference }) => difference)).toEqual([-1, 1])
    expect(ledger.balanced).toBe(false)
  })

  test('is not balanced while snapshots do not add up', async () => {
    const { journal, store } = setUp()
    journal.note('d1', 'snapshot', { received: 1 })
    expect(await takeLedger(journal, store)).toMatchObject({ snapshots: { difference: 1 }, balanced: false })
  })

  test('balances after whatever was sent, sent again, parked, replayed, refused, dropped and carried', async () => {
    const device = constantFrom('d1', 'd2', 'd3')
    const step = oneof(
      record({
        what: constant('send' as const),
        device,
        ids: array(constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 }),
      }),
      record({ what: constant('park' as const), device }),
      record({ what: constant('refuse' as const), device, n: integer({ min: 1, max: 9 }) }),
      record({ what: constant('replay' as const), id: constantFrom('a', 'g', 'h') }),
      record({ what: constant('drop' as const) }),
      record({ what: constant('snapshot' as const), device, id: constantFrom('x', 'y') }),
      record({ what: constant('carry' as const), limit: integer({ min: 1, max: 5 }), trim: boolean() }),
    )
    await assert(
      asyncProperty(array(step, { maxLength: 40 }), async steps => {
        const { journal, store, carry, send } = setUp()
        let received = 0
        for (const act of steps) {
          const [parked] = journal.parked(1)
          switch (act.what) {
            case 'send':
              received += act.ids.length
              await send(act.device, act.ids)
              break
            case 'park':
              received++
              journal.note(act.device, 'event', { received: 1 })
              await journal.append(act.device, [parkedItem()])
              break
            case 'refuse':
              received += act.n
              journal.note(act.device, 'event', { received: act.n, refused: act.n })
              break
            case 'replay':
              if (parked === undefined) break
              journal.note(parked.device, 'event', { received: 1 })
              await journal.append(parked.device, [{ id: act.id, record: passage(), unpark: parked.key }])
              break
            case 'drop':
              if (parked !== undefined) await journal.dropParked(parked.key)
              break
            case 'snapshot':
              journal.note(act.device, 'snapshot', { received: 1 })
              await journal.append(act.device, [item(act.id, snapshot)], 'snapshot')
              break
            case 'carry':
              await carry(act.limit)
              if (act.trim) await journal.trim(await store.applied(journal.id), someMoment + 1)
          }
          const ledger = await takeLedger(journal, store)
          expect(ledger.balanced, JSON.stringify(ledger)).toBe(true)
          expect(ledger.total.received).toBe(received)
        }
      }),
      { numRuns: 200 },
    )
  })
})
