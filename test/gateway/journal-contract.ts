import { describe, expect, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Journal, JournalReader } from '../../gateway/journal/journal.ts'
import { item, parkedItem, passage, someMoment } from '../support/records.ts'

export interface OpenedJournal {
  journal: Journal
  reader: JournalReader
}

/** The promises of the port, run on every adapter: then the fake cannot lie. */
export function journalContract(name: string, open: (clock: () => number) => Promise<OpenedJournal>): void {
  describe(`a ${name} journal`, () => {
    let now = someMoment
    const opened = () => {
      now = someMoment
      return open(() => now)
    }

    test('gives back what was appended, in order, from any position', async () => {
      const { journal, reader } = await opened()
      for (let n = 0; n < 7; n++) await journal.append('d1', [item(`a${n}`, passage({ at: someMoment + n }))])
      await journal.append('d2', [item('b1'), item('b2')])
      expect(reader.end()).toBe(9)
      const all = reader.read(0, 100)
      expect(all.entries.map(({ seq, device, id }) => [seq, device, id])).toEqual([
        ...Array.from({ length: 7 }, (_, n) => [n + 1, 'd1', `a${n}`]),
        [8, 'd2', 'b1'],
        [9, 'd2', 'b2'],
      ])
      expect(all.next).toBe(9)
      expect(all.entries[3]?.record).toEqual(passage({ at: someMoment + 3 }))
      expect(reader.read(8, 100).entries.map(({ id }) => id)).toEqual(['b2'])
      expect(reader.read(7, 1)).toMatchObject({ entries: [{ seq: 8 }], next: 8, damaged: 0 })
      expect(reader.read(9, 10)).toEqual({ entries: [], next: 9, damaged: 0, freed: 0 })
    })

    test('keeps nothing that the contract does not list', async () => {
      const { journal, reader } = await opened()
      const record = passage({ data: { name: '张三', plate: 'B12345' } as object })
      await journal.append('d1', [item('a', record)])
      expect(reader.read(0, 1).entries[0]?.record).toEqual(passage())
    })

    test('stores an id of a device once, and tells every later one a duplicate', async () => {
      const { journal, reader } = await opened()
      expect(await journal.append('d1', [item('x'), item('y'), item('x')])).toEqual([
        'stored',
        'stored',
        'duplicate',
      ])
      expect(await journal.append('d1', [item('y'), item('z')])).toEqual(['duplicate', 'stored'])
      expect(await journal.append('d2', [item('x')])).toEqual(['stored'])
      expect(reader.read(0, 10).entries.map(({ device, id }) => device + id)).toEqual([
        'd1x',
        'd1y',
        'd1z',
        'd2x',
      ])
    })

    test('stores what comes under the id of another event, once, marked and counted', async () => {
      const { journal, reader } = await opened()
      const denied = passage({ data: { result: 'denied' } })
      const said = (record: EventRecord, claimedAt: number | undefined) => ({
        ...item('x', record),
        ...(claimedAt && { claimedAt }),
      })
      const health = { ...passage(), kind: 'health', data: { uptimeS: 5 } } as const
      const others = [said(denied, someMoment), said(passage(), someMoment + dayMs), said(health, someMoment)]
      expect(await journal.append('d1', [said(passage(), someMoment), said(passage(), someMoment)])).toEqual([
        'stored',
        'duplicate',
      ])
      expect(await journal.append('d1', others)).toEqual(['reused', 'reused', 'reused'])
      // Received again, and placed elsewhere in time: by what the device said it is the same.
      const again = [
        said({ ...denied, at: 5, receivedAt: 9, skewed: true }, someMoment),
        ...others,
        said(passage(), someMoment),
      ]
      expect(await journal.append('d1', again)).toEqual(Array(5).fill('duplicate'))
      // Of some the time that the device gave is not known: they are known by their ids alone.
      expect(await journal.append('d1', [said(denied, undefined), said(health, undefined)])).toEqual([
        'duplicate',
        'duplicate',
      ])
      expect(await journal.append('d2', [said(denied, undefined), said(health, someMoment)])).toEqual([
        'stored',
        'duplicate',
      ])
      const { entries } = reader.read(0, 10)
      expect(entries.map(({ device, id, record }) => [device, id, record.kind, record.reused])).toEqual([
        ['d1', 'x', 'passage', undefined], ['d1', 'x', 'passage', true], ['d1', 'x', 'passage', true], ['d1', 'x', 'health', true],
        ['d2', 'x', 'passage', undefined],
      ]) // biome-ignore format: what is kept
      expect(entries[1]?.record).toEqual({ ...denied, reused: true })
      expect(reader.audit(0).tallies.get('d1')?.event).toMatchObject({ stored: 4, reused: 3, duplicate: 8 })
    })

    test('takes an event that was sent again with the time of sending for the same, and a later alarm for another', async () => {
      const { journal } = await opened()
      const door = { ...passage(), kind: 'door', data: { state: 'forced' } } as const
      const said = (id: string, record: EventRecord, seconds: number) => ({
        ...item(id, record),
        claimedAt: someMoment + seconds * 1000,
      })
      const times = [0, 5, 100, 3500, 3700]
      expect(
        await journal.append(
          'd1',
          times.map(s => said('p', passage(), s)),
        ),
      ).toEqual(['stored', 'duplicate', 'restamped', 'restamped', 'reused'])
      expect(
        await journal.append(
          'd1',
          times.map(s => said('d', door, s)),
        ),
      ).toEqual(['stored', 'duplicate', 'restamped', 'reused', 'reused'])
    })

    test('tells ids apart where a device and an id run together to the same text', async () => {
      const { journal } = await opened()
      expect(await journal.append('d1', [item('1x')])).toEqual(['stored'])
      expect(await journal.append('d11', [item('x')])).toEqual(['stored'])
    })

    test('stores an id once among appends that are under way at the same time', async () => {
      const { journal } = await opened()
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () => journal.append('d1', [item('same')])),
      )
      expect(outcomes.flat().filter(outcome => outcome === 'stored')).toHaveLength(1)
    })

    test('keeps the order of a device across concurrent appends', async () => {
      const { journal, reader } = await opened()
      await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append(`d${n % 3}`, [item(`n${n}`)])))
      const order = reader.read(0, 1000).entries.map(({ id }) => Number(id.slice(1)))
      expect(order).toEqual(Array.from({ length: 500 }, (_, n) => n))
    })

    test('counts each outcome by device and lane, and what was only noted', async () => {
      const { journal, reader } = await opened()
      journal.note('d1', 'event', { received: 5, refused: 1, personal: 2 })
      await journal.append('d1', [
        item('a', passage({ late: true })),
        item('a'),
        parkedItem(),
        item('b', passage({ skewed: true })),
      ])
      journal.note('d1', 'snapshot', { received: 1 })
      await journal.append(
        'd1',
        [item('p', { ...passage(), kind: 'snapshot', data: { bytes: 9 } })],
        'snapshot',
      )
      const sighting = { ...passage(), kind: 'sighting', data: { outcome: 'seen', person: 1 } } as const
      await journal.append('d1', [item('s', sighting), item('s', sighting)], 'snapshot')
      const { tallies, end, queued } = reader.audit(1)
      expect(tallies.get('d1')?.event).toMatchObject({
        received: 5, stored: 2, duplicate: 1, parked: 1, refused: 1, late: 1, skewed: 1, personal: 2, lastReceivedAt: now,
      }) // biome-ignore format: one row of counts
      expect(tallies.get('d1')?.snapshot).toMatchObject({
        received: 1,
        stored: 1,
        duplicate: 0,
        sighted: 1,
      })
      expect(end).toBe(4)
      expect(queued).toEqual(new Map([['d1', 1]]))
    })

    test('frees only what is behind the cursor and old enough, and forgets no id by it', async () => {
      const { journal, reader } = await opened()
      for (let n = 1; n <= 4; n++) {
        now = someMoment + n
        await journal.append('d1', [item(`n${n}`)])
      }
      expect(await journal.trim(3, someMoment + 3)).toBe(2)
      expect(reader.read(0, 10).entries.map(({ seq }) => seq)).toEqual([3, 4])
      expect(journal.stats().records).toBe(2)
      expect(await journal.append('d1', [item('n1')])).toEqual(['duplicate'])
      expect(await journal.append('d1', [item('n5')])).toEqual(['stored'])
      expect(reader.end()).toBe(5)
      expect(await journal.trim(5, now + dayMs)).toBe(3)
      expect(reader.read(3, 10)).toMatchObject({ entries: [], damaged: 0 })
      expect(reader.end()).toBe(5)
    })

    test('shows what is parked, newest first, until it is dropped; it stays counted', async () => {
      const { journal, reader } = await opened()
      await journal.append('d1', [
        parkedItem({ reason: 'first' }),
        parkedItem({ reason: 'second', payload: { type: 'x' } }),
      ])
      const [second, first] = reader.parked(10)
      expect(second).toMatchObject({
        device: 'd1',
        reason: 'second',
        payload: { type: 'x' },
        code: 'EVENT_INVALID',
      })
      expect(first).toMatchObject({ reason: 'first' })
      expect(await journal.dropParked(first!.key)).toBe(true)
      expect(await journal.dropParked(first!.key)).toBe(false)
      expect(reader.parked(10)).toHaveLength(1)
      expect(reader.findParked(first!.key)).toBeUndefined()
      expect(reader.audit(0).tallies.get('d1')?.event.parked).toBe(2)
    })

    test('moves a replayed item from parked to stored in one step', async () => {
      const { journal, reader } = await opened()
      journal.note('d1', 'event', { received: 1 })
      await journal.append('d1', [parkedItem()])
      const { key } = reader.parked(1)[0]!
      journal.note('d1', 'event', { received: 1 })
      expect(await journal.append('d1', [{ id: 'again', record: passage(), unpark: key }])).toEqual([
        'stored',
      ])
      expect(reader.parked(10)).toEqual([])
      expect(reader.audit(0).tallies.get('d1')?.event).toMatchObject({ received: 1, parked: 0, stored: 1 })
    })
  })
}
