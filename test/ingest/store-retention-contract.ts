import { describe, expect, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { CellQuery, Expiry, Row, Store } from '../../ingest/store/store.ts'
import { passage, someMoment } from '../support/records.ts'
import { place, row } from './store-batch.ts'

/** What every store promises of rows that are to go. */
export function retentionContract(name: string, open: () => Promise<Store>): void {
  const always = { kind: 'passage', segments: [{ from: 0, to: 8e15, offsetMs: 0 }], by: ['device'], where: {} } as const satisfies CellQuery // biome-ignore format: one line
  const daysAgo = (days: number) => passage({ at: someMoment - days * dayMs })
  const left = async (store: Store) =>
    Object.fromEntries((await store.cells(always)).map(({ values, count }) => [values[0], count]))
  const counted = async (store: Store) => Object.fromEntries(await store.countByDevice('j', 99))

  async function expireAll(store: Store, expiry: Expiry): Promise<number> {
    for (let rows = 0; ; ) {
      const more = await store.expire(expiry)
      if (more === 0) return rows
      rows += more
    }
  }

  const rows: Row[] = [
    row(1, daysAgo(40), place(1)),
    row(2, daysAgo(30), place(2)),
    row(3, daysAgo(20), place(1)),
    row(4, { ...daysAgo(40), kind: 'door', data: { state: 'open' } } as EventRecord, place(1)),
    row(5, { ...daysAgo(40), kind: 'sighting', data: { outcome: 'seen' } } as EventRecord, place(1)),
    row(6, daysAgo(0), place(2)),
  ]

  async function filled() {
    const store = await open()
    await store.write({ journal: 'j', rows, next: 6 })
    return store
  }

  describe(`${name} as a store that forgets`, () => {
    test('deletes the rows of a kind before a moment, and no others', async () => {
      const store = await filled()
      expect(await expireAll(store, { kind: 'passage', before: someMoment - 30 * dayMs })).toBe(1)
      expect(await left(store)).toEqual({ d1: 1, d2: 2 })
      expect(await expireAll(store, { kind: 'passage', before: someMoment - 20 * dayMs + 1 })).toBe(2)
      expect(await left(store)).toEqual({ d2: 1 })
      expect((await store.stats()).rows).toMatchObject({ door: 1, sighting: 1, passage: 1 })
    })

    test('tells how many rows there are to go before any goes', async () => {
      const store = await filled()
      const before = someMoment - 20 * dayMs + 1
      expect(await store.countBefore({ kind: 'passage', before })).toBe(3)
      expect(await store.countBefore({ kind: 'passage', before, of: { device: 'd1' } })).toBe(2)
      expect(await store.countBefore({ kind: 'passage', before: someMoment - 40 * dayMs })).toBe(0)
      expect(await store.countBefore({ kind: 'health', before })).toBe(0)
      await expireAll(store, { kind: 'passage', before })
      expect(await store.countBefore({ kind: 'passage', before })).toBe(0)
    })

    test('counts what a device reported whether or not it has expired, and no sightings', async () => {
      const store = await filled()
      const before = await counted(store)
      for (const kind of ['passage', 'door', 'sighting'] as const)
        await expireAll(store, { kind, before: someMoment + 1 })
      expect(await left(store)).toEqual({})
      expect(await counted(store)).toEqual(before)
      expect(before).toEqual({ d1: 3, d2: 2 })
      expect(await store.countByDevice('k', 99)).toEqual(new Map())
    })

    test('does not take again what has expired', async () => {
      const store = await filled()
      await expireAll(store, { kind: 'passage', before: someMoment })
      await store.write({ journal: 'j', rows, next: 6 })
      await store.write({ journal: 'j', rows: [...rows, row(7, daysAgo(1), place(3))], next: 7 })
      expect(await left(store)).toEqual({ d2: 1, d3: 1 })
      expect(await counted(store)).toEqual({ d1: 3, d2: 2, d3: 1 })
    })

    test('tells journals apart in what has expired', async () => {
      const store = await filled()
      await store.write({ journal: "k'\\", rows: [row(1, daysAgo(50), place(1))], next: 1 })
      await expireAll(store, { kind: 'passage', before: someMoment })
      await expireAll(store, { kind: 'door', before: someMoment })
      expect(await counted(store)).toEqual({ d1: 3, d2: 2 })
      expect(await store.countByDevice("k'\\", 9)).toEqual(new Map([['d1', 1]]))
    })

    test('deletes what comes from a place alone', async () => {
      const store = await open()
      const sites = ['nanshe', "o'hara", 'x"\\'].map((site, i) =>
        row(i + 1, daysAgo(3), place(i + 1, { site })),
      )
      await store.write({ journal: 'j', rows: sites, next: 3 })
      for (const { place: at } of sites) {
        const { site, device } = at
        expect(
          await expireAll(store, { kind: 'passage', before: someMoment, of: { site, building: 'b99' } }),
        ).toBe(0)
        expect(await expireAll(store, { kind: 'passage', before: someMoment, of: { site, device } })).toBe(1)
      }
      expect(await left(store)).toEqual({})
      expect(await counted(store)).toEqual({ d1: 1, d2: 1, d3: 1 })
    })

    test('says how old its oldest row of a kind is', async () => {
      const store = await filled()
      expect(await store.oldest('passage')).toBe(someMoment - 40 * dayMs)
      expect(await store.oldest('health')).toBeUndefined()
      await expireAll(store, { kind: 'passage', before: someMoment - 35 * dayMs })
      expect(await store.oldest('passage')).toBe(someMoment - 30 * dayMs)
    })

    test('takes rows that are too old already, and lets them go the next time', async () => {
      const store = await filled()
      const before = someMoment - 35 * dayMs
      await expireAll(store, { kind: 'passage', before })
      await store.write({ journal: 'j', rows: [row(7, daysAgo(100), place(1))], next: 7 })
      expect(await expireAll(store, { kind: 'passage', before })).toBe(1)
      expect(await counted(store)).toEqual({ d1: 4, d2: 2 })
    })
  })
}
