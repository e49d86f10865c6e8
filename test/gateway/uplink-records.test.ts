import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventRecord } from '../../devices/contract/record.ts'
import { sightingRecordId, statusRecordId } from '../../devices/contract/record-ids.ts'
import type { Item } from '../../gateway/journal/journal.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import type { Draft } from '../../gateway/uplink/draft.ts'
import { RecordStream, recordStreamDefaults } from '../../gateway/uplink/record-stream.ts'
import { item, parkedItem, passage, someMoment, somewhere } from '../support/records.ts'

const elsewhere = { ...somewhere, id: 2 }
const all = () => true
const denied = (change: object = {}) => passage({ data: { result: 'denied' }, ...change })
const status = (state: 'online' | 'offline', n: number): Item => ({
  id: statusRecordId('run', n),
  record: { ...passage(), kind: 'status', data: { state } } as EventRecord,
})
const sighting = (event: string): Item => ({
  id: sightingRecordId(event),
  record: { ...passage(), kind: 'sighting', data: { outcome: 'seen', person: 1 } } as EventRecord,
})
const snapshot = (event: string): Item => ({
  id: `#snapshot/${event}`,
  record: { ...passage(), kind: 'snapshot', data: { bytes: 9 } } as EventRecord,
})

function setUp(limits: Partial<typeof recordStreamDefaults> = {}, isTold: (device: string) => boolean = all) {
  const journal = createMemoryJournal(() => someMoment)
  const faults: unknown[] = []
  const stream = new RecordStream(
    { journal, cursor: 0, isTold, onFault: error => faults.push(error) },
    { ...recordStreamDefaults, ...limits },
  )
  return { journal, stream, faults }
}

function drain(stream: RecordStream, maxBytes = 1e6): Draft[] {
  while (stream.scan());
  const drafts: Draft[] = []
  for (;;) {
    const draft = stream.nextUrgent(all, maxBytes) ?? stream.nextInTurn(all, maxBytes)
    if (draft === undefined) return drafts
    drafts.push(draft)
    while (stream.scan());
  }
}
const numbersOf = (drafts: readonly Draft[]) => drafts.map(({ numbers }) => numbers)
const bodyOf = ({ payload }: Draft) => JSON.parse(payload.toString())

describe('the journal as messages to the centre', () => {
  test('gathers what a device reported in arrays, and says of each record what the device had said', async () => {
    const { journal, stream } = setUp()
    await journal.append('d1', [item('a'), item('b', passage({ skewed: true }))])
    await journal.append('d2', [item('a')])
    await journal.append('d1', [
      item('c', { ...passage(), kind: 'door', data: { state: 'held', openMs: 5 } }),
    ])
    const drafts = drain(stream)
    expect(drafts.map(({ topic, urgent }) => [topic, urgent])).toEqual([
      ['lintel/v1/d1/event', true],
      ['lintel/v1/d1/event', false],
      ['lintel/v1/d2/event', false],
    ])
    const time = new Date(someMoment).toISOString()
    const data = { direction: 'in', result: 'granted', method: 'card', holder: 'resident' }
    expect(drafts.map(bodyOf)).toEqual([
      { id: 'c', type: 'door', time, data: { state: 'held', openMs: 5 } },
      [
        { id: 'a', type: 'passage', time, data },
        { id: 'b', type: 'passage', time, data, skewed: true },
      ],
      { id: 'a', type: 'passage', time, data },
    ])
  })

  test('keeps a status in its place between events, with an id and its time; sightings come behind', async () => {
    const { journal, stream } = setUp()
    await journal.append('d1', [item('a'), snapshot('a'), sighting('a'), status('offline', 7), item('b')])
    const drafts = drain(stream)
    expect(drafts.map(({ kind, numbers }) => [kind, numbers])).toEqual([
      ['event', [1]],
      ['status', [4]],
      ['event', [5]],
      ['sighting', [3]],
    ])
    const time = new Date(someMoment).toISOString()
    expect(bodyOf(drafts[1]!)).toEqual({ state: 'offline', id: 'run.7', time })
    expect(bodyOf(drafts[3]!)).toEqual({ id: 'a', time, data: { outcome: 'seen', person: 1 } })
  })

  test('holds no more than 500 records and so many bytes in a message', async () => {
    const { journal, stream } = setUp()
    await journal.append(
      'd1',
      Array.from({ length: 1200 }, (_, n) => item(`n${n}`)),
    )
    expect(numbersOf(drain(stream)).map(({ length }) => length)).toEqual([500, 500, 200])
    const small = setUp()
    await small.journal.append(
      'd1',
      Array.from({ length: 9 }, (_, n) => item(`n${n}`)),
    )
    const drafts = drain(small.stream, 500)
    for (const { payload } of drafts) expect(payload.length).toBeLessThan(520)
    expect(numbersOf(drafts).flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('lets devices whose place is known go before one whose place is not, and keeps the order of each', async () => {
    const { journal, stream } = setUp()
    await journal.append('d1', [item('a'), status('online', 1), item('b')])
    await journal.append('d2', [item('a')])
    stream.scan()
    const known = new Set(['d2'])
    const isAnnounced = (device: string) => known.has(device)
    expect(stream.nextInTurn(isAnnounced, 1e6)?.device).toBe('d2')
    expect(stream.nextInTurn(isAnnounced, 1e6)).toBeUndefined()
    known.add('d1')
    expect(numbersOf(drain(stream))).toEqual([[1], [2], [3]])
  })

  test('begins a message anew where the device has been moved', async () => {
    const { journal, stream } = setUp()
    await journal.append('d1', [
      item('a'),
      item('b', passage({ place: elsewhere })),
      item('c', passage({ place: elsewhere })),
    ])
    expect(drain(stream).map(({ place, numbers }) => [place.id, numbers])).toEqual([
      [1, [1]],
      [2, [2, 3]],
    ])
  })

  test('passes over a gateway that reports here, and what comes from nowhere', async () => {
    const { journal, stream } = setUp({}, device => device !== 'edge-2')
    await journal.append('edge-2', [status('online', 1), item('u', denied())])
    await journal.append('d1', [item('a')])
    expect(drain(stream).map(({ device }) => device)).toEqual(['d1'])
    stream.progress.done(3)
    expect([stream.progress.cursor, stream.untold]).toEqual([3, 2])
    expect([...stream.passed.countUpTo(3)]).toEqual([['edge-2', 2], ['d1', 1]]) // biome-ignore format: pairs
  })

  test('looks no further for what is urgent than it can remember, and goes on when some has gone', async () => {
    const { journal, stream } = setUp({ scanBatch: 2, maxUrgent: 2, maxAhead: 3 })
    await journal.append('d1', [item('a')])
    await journal.append(
      'd2',
      Array.from({ length: 9 }, (_, n) => item(`u${n}`, denied())),
    )
    while (stream.scan());
    expect(stream.progress.ahead).toBe(3)
    const sent: number[] = []
    for (
      let found = numbersOf(drain(stream)).flat();
      found.length > 0;
      found = numbersOf(drain(stream)).flat()
    ) {
      sent.push(...found)
      for (const number of found) stream.progress.done(number)
    }
    expect(sent.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('stops reading where one record is never acked', async () => {
    const { journal, stream } = setUp({ batch: 10, maxSpan: 30 })
    await journal.append(
      'd1',
      Array.from({ length: 200 }, (_, n) => item(`n${n}`)),
    )
    for (const number of numbersOf(drain(stream)).flat()) if (number !== 1) stream.progress.done(number)
    expect(drain(stream)).toEqual([])
    expect(stream.progress).toMatchObject({ cursor: 0, position: 30 })
    stream.progress.done(1)
    expect(numbersOf(drain(stream)).flat().at(0)).toBe(31)
  })

  test('sends each record once, urgent ones first, the others of each device in order, and counts them all', async () => {
    const step = record({
      device: constantFrom('d1', 'd2', 'd3'),
      urgent: boolean(),
      place: constantFrom(somewhere, elsewhere),
      what: constantFrom(
        'event',
        'event',
        'event',
        'status',
        'snapshot',
        'sighting',
        'parked',
        'send',
        'ack',
      ),
    })
    await assert(
      asyncProperty(array(step, { maxLength: 120 }), integer({ min: 1, max: 9 }), async (steps, batch) => {
        const { journal, stream } = setUp({ scanBatch: batch, batch: batch * 2, maxUrgent: 4, maxAhead: 10 })
        const sent: Draft[] = []
        let acked = 0
        for (const [n, { device, urgent, place, what }] of steps.entries()) {
          const event = urgent ? denied({ place }) : passage({ place })
          if (what === 'event') await journal.append(device, [item(`e${n}`, event)])
          else if (what === 'status') await journal.append(device, [status('online', n)])
          else if (what === 'snapshot') await journal.append(device, [snapshot(`e${n}`)])
          else if (what === 'sighting') await journal.append(device, [sighting(`e${n}`)])
          else if (what === 'parked') await journal.append(device, [parkedItem()])
          else if (what === 'send') {
            const search = stream.scan()
            const draft = stream.nextUrgent(all, 300) ?? (search ? undefined : stream.nextInTurn(all, 300))
            if (draft !== undefined) sent.push(draft)
          } else for (const number of sent[acked++]?.numbers ?? []) stream.progress.done(number)
          acked = Math.min(acked, sent.length)
        }
        for (let more = true; more; ) {
          const drafts = drain(stream, 300)
          sent.push(...drafts)
          for (const { numbers } of sent) for (const number of numbers) stream.progress.done(number)
          more = drafts.length > 0 || stream.progress.position < journal.end()
        }
        const { entries } = journal.read(0, 1000)
        const wanted = entries.filter(({ record: { kind } }) => kind !== 'snapshot').map(({ seq }) => seq)
        const numbers = numbersOf(sent).flat()
        expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted)
        expect(stream.progress).toMatchObject({ cursor: journal.end(), open: 0, ahead: 0 })
        for (const device of ['d1', 'd2', 'd3'])
          for (const kinds of [['event', 'status'], ['sighting']]) {
            const own = sent.filter(
              draft => draft.device === device && !draft.urgent && kinds.includes(draft.kind),
            )
            const inTurn = numbersOf(own).flat()
            expect(inTurn).toEqual(inTurn.toSorted((a, b) => a - b))
          }
        const counted = [...stream.passed.countUpTo(journal.end()).values()].reduce((sum, n) => sum + n, 0)
        const reported = entries.filter(({ record: { kind } }) => kind !== 'snapshot' && kind !== 'sighting')
        expect(counted).toBe(reported.length)
      }),
      { numRuns: 200 },
    )
  })
})
