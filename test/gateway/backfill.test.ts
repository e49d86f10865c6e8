import { describe, expect, test } from 'vitest'
import { createBackfillFiles } from '../../api/operations/backfill-files.ts'
import { createBackfillOperations } from '../../api/operations/backfill-operations.ts'
import { dayMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { backfill } from '../../gateway/admit/backfill.ts'
import type { BackfillOptions, BackfillRow, GatewayControl } from '../../gateway/control/gateway-control.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { row as device } from '../support/gateway.ts'
import { someMoment } from '../support/records.ts'

const store: BackfillOptions = { dryRun: false, isRelayed: false }
const event = (id: string, change: object = {}) => ({
  id,
  type: 'passage',
  time: '2021-03-04T05:06:07+08:00',
  data: { direction: 'in', result: 'granted', method: 'card' },
  ...change,
})
const row = (id: string, change: object = {}, of = 'd1'): BackfillRow => ({
  device: of,
  event: event(id, change),
})

async function setUp() {
  const journal = createMemoryJournal(() => someMoment)
  const registry = createRegistry(createMemoryState())
  await registry.enrol([device('d1'), device('d2')], someMoment)
  const act = (rows: readonly BackfillRow[], options = store) =>
    backfill({ journal, registry }, rows, someMoment, options)
  return { journal, registry, act, records: () => journal.read(0, 100).entries.map(({ record }) => record) }
}

describe('a backfill', () => {
  test('stores events in their own time, however old, as late and not as of a wrong clock', async () => {
    const { act, records, journal } = await setUp()
    expect(await act([row('a'), row('b', {}, 'd2')])).toEqual(['stored', 'stored'])
    expect(records()).toEqual([
      expect.objectContaining({ at: Date.UTC(2021, 2, 3, 21, 6, 7), receivedAt: someMoment, late: true, skewed: false }),
      expect.objectContaining({ late: true, place: expect.objectContaining({ id: 2 }) }),
    ]) // biome-ignore format: short
    expect(journal.audit(0).tallies.get('d1')?.event).toMatchObject({ received: 1, stored: 1, late: 1 })
  })

  test('knows what has been stored before', async () => {
    const { act, journal } = await setUp()
    await act([row('a')])
    expect(await act([row('a'), row('b'), row('b')])).toEqual(['duplicate', 'stored', 'duplicate'])
    expect(journal.audit(0).tallies.get('d1')?.event).toMatchObject({ received: 4, stored: 2, duplicate: 2 })
  })

  test('says of each row that is wrong why, and stores the others', async () => {
    const { act, records } = await setUp()
    const rows = [
      row('a', {}, 'd9'),
      row('b', { time: '2026-11-21T08:40:00Z' }),
      row('c', { data: {} }),
      row('d', { time: '2021-03-04' }),
      row('e'),
      { device: 'd1', event: 5 },
    ]
    const codes = (await act(rows)).map(outcome => (typeof outcome === 'string' ? outcome : outcome.code))
    expect(codes).toEqual([
      'DEVICE_NOT_FOUND',
      'EVENT_TIME_INVALID',
      'EVENT_INVALID',
      'EVENT_TIME_INVALID',
      'stored',
      'EVENT_INVALID',
    ])
    expect(records()).toHaveLength(1)
  })

  test('cuts what speaks of a person, and counts it', async () => {
    const { act, records, journal } = await setUp()
    await act([row('a', { data: { ...event('').data, name: '张三', cardNumber: '6222' } })])
    expect(records()[0]!.data).toEqual(event('').data)
    expect(journal.audit(0).tallies.get('d1')?.event).toMatchObject({ personal: 2 })
  })

  test('stores nothing in a dry run', async () => {
    const { act, journal } = await setUp()
    expect(await act([row('a'), row('b', {}, 'd9')], { ...store, dryRun: true })).toEqual([
      'valid',
      expect.objectContaining({ code: 'DEVICE_NOT_FOUND' }),
    ])
    expect([journal.end(), journal.audit(0).tallies.size]).toEqual([0, 0])
  })

  test('takes nothing at an edge that its centre would not believe', async () => {
    const { act } = await setUp()
    const recent = new Date(someMoment - 30 * dayMs).toISOString()
    expect(await act([row('a'), row('b', { time: recent })], { ...store, isRelayed: true })).toEqual([
      { code: 'EVENT_TIME_INVALID', reason: expect.stringContaining('at the centre') },
      'stored',
    ])
  })
})

describe('a file that is backfilled', () => {
  async function ofFile() {
    const { act, registry, journal } = await setUp()
    const control = { backfill: (rows, options) => act(rows, options) } as GatewayControl
    const backfillFiles = createBackfillFiles(createMemoryState())
    const unsettled: number[][] = []
    const operations = createBackfillOperations({
      control,
      store: undefined,
      backfillFiles,
      unsettleDays: async times => void unsettled.push([...times]),
      clock: () => someMoment,
    })
    const send = (before: number, rows: BackfillRow[], change: object = {}) =>
      operations.backfill({ file: { name: 'f', hash: 'h' }, before, rows, dryRun: false, ...change })
    return { send, registry, journal, backfillFiles, unsettled }
  }

  test('has the days of what is stored told anew, and none where nothing is', async () => {
    const { send, unsettled } = await ofFile()
    const time = new Date(someMoment - 3 * dayMs).toISOString()
    await send(0, [row('a', { time }), row('b', { time: 'never' }), row('c', {}, 'd9')], { dryRun: true })
    expect(unsettled).toEqual([])
    await send(0, [row('a', { time }), row('b', { time: 'never' }), row('c', { time }, 'd9')])
    expect(unsettled).toEqual([[someMoment - 3 * dayMs]])
  })

  test('is known for good, by what is in it, up to where it was broken off', async () => {
    const { send, backfillFiles } = await ofFile()
    await send(0, [row('a'), row('b')])
    // A journal that has forgotten their ids would store them again.
    expect(await send(0, [row('other a'), row('other b'), row('c')])).toEqual({
      known: 2,
      outcomes: ['stored'],
    })
    expect(await send(0, [row('x')])).toEqual({ known: 1, outcomes: [] })
    expect(backfillFiles.rowsOf('h')).toBe(3)
    expect(await send(0, [row('y')], { file: { name: 'f', hash: 'i' } })).toMatchObject({ known: 0 })
  })

  test('is looked at again from the first part with a row that is wrong: its device may be there by then', async () => {
    const { send, registry } = await ofFile()
    await send(0, [row('a')])
    await send(1, [row('b'), row('c', {}, 'd9')])
    await send(3, [row('d')])
    await registry.enrol([device('d9')], someMoment)
    expect(await send(0, [row('a')])).toEqual({ known: 1, outcomes: [] })
    expect(await send(1, [row('b'), row('c', {}, 'd9')])).toEqual({
      known: 0,
      outcomes: ['duplicate', 'stored'],
    })
    expect(await send(3, [row('d')])).toEqual({ known: 0, outcomes: ['duplicate'] })
    expect(await send(3, [row('d')])).toEqual({ known: 1, outcomes: [] })
  })

  test('is not remembered from a dry run', async () => {
    const { send, backfillFiles } = await ofFile()
    await send(0, [row('a')], { dryRun: true })
    expect(backfillFiles.rowsOf('h')).toBe(0)
  })
})
