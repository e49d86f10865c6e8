import { afterEach, describe, expect, test } from 'vitest'
import { noCalendar } from '../../../alerts/calendar/calendar.ts'
import { createSlots } from '../../../alerts/calendar/day.ts'
import type { FlowState } from '../../../alerts/unusual/detector/state.ts'
import { createFlowHistory, type FlowHistoryParts } from '../../../alerts/unusual/history.ts'
import { dayMs, hourMs, minuteMs } from '../../../core/clock.ts'
import { createMemoryStore } from '../../../ingest/store/memory-store.ts'
import type { Row, Store } from '../../../ingest/store/store.ts'
import { eventually } from '../../support/eventually.ts'
import { weekMs } from './counts.ts'
import {
  createTown,
  firstMonday,
  inOrder,
  type Passed,
  passagesOf,
  passed,
  type TownOptions,
} from './flow-town.ts'

const d01 = 'nanshe/b01/d01'
const d02 = 'nanshe/b01/d02'
const now = firstMonday + 8 * weekMs + 18 * hourMs
const flowOf = (name: string) => passagesOf(name, { seed: name, weeks: 9 })
const past = inOrder(flowOf(d01), flowOf(d02), passagesOf(d01, { seed: 'out', weeks: 9 }, 'out'))

const opened: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(one => one.stop()))
})

async function storeOf(records: readonly Passed[]): Promise<Store> {
  const store = createMemoryStore()
  const rows = records.map(({ place, device, record }, index) => ({ seq: index + 1, place: { ...place, device }, record }) as Row) // biome-ignore format: a row
  await store.write({ journal: 'j', rows, next: 1_000_000 })
  return store
}

/** A town that has been watched since `now`, for twenty minutes, with a store behind it. */
async function taught(
  store: FlowHistoryParts['store'],
  records: readonly Passed[],
  options: Partial<TownOptions> = {},
) {
  const town = createTown({ from: now, ...options })
  town.feed(records.filter(({ receivedAt }) => receivedAt >= now))
  town.runUntil(now + 20 * minuteMs)
  const faults: unknown[] = []
  const history = createFlowHistory({
    store, journalId: 'j', slotsOf: () => createSlots('UTC', noCalendar), isHousehold: options.isHousehold ?? (() => false), paceMs: 0,
    onFault: error => faults.push(error),
  }) // biome-ignore format: parts
  history.teach(town.watch())
  await history.start()
  opened.push(history)
  return { town, history, faults }
}
const stateOf = (town: ReturnType<typeof createTown>, key: string) =>
  (town.state.get(key) as { state: FlowState } | undefined)?.state

describe('a place that is new to the watch', () => {
  test('is judged by the eight weeks that the store holds, from its next half hour on, and nobody is told of them', async () => {
    const { town, history } = await taught(await storeOf(past), past)
    await eventually(() => expect(history.stats().taught).toBe(1))
    town.runUntil(now + 40 * minuteMs)
    for (const key of [`flow/${d01}/in`, `flow/${d01}/out`, `flow/${d02}/in`, 'flow/nanshe/b01//in']) {
      expect(stateOf(town, key), key).toMatchObject({
        at: now,
        thresholds: { high: expect.any(Number) },
      })
      expect(now - stateOf(town, key)!.firstAt, key).toBeGreaterThan(54 * dayMs)
    }
    expect(town.found).toEqual([])
    expect(town.watch().lesson()).toBeUndefined()
  })

  test('tells of a crowd in its first night, as one that has been watched for weeks', async () => {
    const night = firstMonday + 8 * weekMs + dayMs + 3 * hourMs
    const crowd = Array.from({ length: 40 }, (_, n) => passed(night + n * 40_000, d01))
    const stream = inOrder(past, crowd)
    const { town, history } = await taught(await storeOf(past), stream)
    await eventually(() => expect(history.stats().taught).toBe(1))
    town.runUntil(night + 2 * hourMs)
    expect(town.found).toContainEqual(
      expect.objectContaining({ rule: 'flow-high', kind: 'raised', occurredAt: night }),
    )
  })

  test('without history begins with what is counted', async () => {
    const { town, history } = await taught(
      await storeOf([]),
      past.filter(({ at }) => at >= now),
    )
    await eventually(() => expect(history.stats().taught).toBe(1))
    town.runUntil(now + 40 * minuteMs)
    expect(stateOf(town, `flow/${d01}/in`)).toMatchObject({ firstAt: now })
  })

  test('learns nothing of the door of a household in its building', async () => {
    const home = passagesOf('nanshe/b01/home', { seed: 'home', weeks: 9 })
    const all = inOrder(past, home)
    const { town, history } = await taught(await storeOf(all), all, {
      isHousehold: device => device === 'nanshe-b01-home',
    })
    await eventually(() => expect(history.stats().taught).toBe(1))
    town.runUntil(now + 40 * minuteMs)
    const [home1, building, doors] = [
      'flow/nanshe/b01/home/in',
      'flow/nanshe/b01//in',
      [`flow/${d01}/in`, `flow/${d02}/in`],
    ] as const
    expect(stateOf(town, home1)).toBeUndefined()
    const countOf = (key: string) => stateOf(town, key)!.level.day.counted
    expect(countOf(building)).toBeCloseTo(
      doors.map(countOf).reduce((sum, one) => sum + one),
      6,
    )
  })
})

describe('history is read', () => {
  test('again where much has come late, ten minutes after the last of it', async () => {
    const { town, history } = await taught(await storeOf(past), past)
    await eventually(() => expect(history.stats().taught).toBe(1))
    town.runUntil(now + 7 * hourMs)
    expect(town.watch().lesson()).toBeUndefined()
    town.feed([passed(now - 3 * dayMs, d02, { receivedAt: town.now(), late: true })])
    town.runUntil(now + 7 * hourMs + 9 * minuteMs)
    expect(town.watch().lesson()).toBeUndefined()
    town.runUntil(now + 7 * hourMs + 12 * minuteMs)
    expect(town.watch().lesson()).toMatchObject({ building: { site: 'nanshe', building: 'b01' } })
    await eventually(() => expect(history.stats().taught).toBe(2))
  })

  test('only once the store has what the watch has seen', async () => {
    const store = await storeOf(past)
    let applied = 0
    const behind = { cells: store.cells, applied: async () => applied }
    const stream = past.filter(({ at }) => at >= now)
    const town = createTown({ from: now })
    town.feed(stream)
    town.runUntil(now + 40 * minuteMs)
    const lesson = town.watch().lesson()!
    expect(lesson.seq).toBeGreaterThan(0)
    const history = createFlowHistory({ store: behind, journalId: 'j', slotsOf: () => createSlots('UTC', noCalendar), isHousehold: () => false, paceMs: 0, onFault: () => {} }) // biome-ignore format: one thing
    history.teach(town.watch())
    await history.start()
    opened.push(history)
    await new Promise(resolve => setImmediate(resolve))
    expect(history.stats().taught).toBe(0)
    await history.stop()
    applied = lesson.seq
    await history.start()
    await eventually(() => expect(history.stats().taught).toBe(1))
  })

  test('not while bins wait to be judged, and a lesson that has become old is not taken', () => {
    const town = createTown({ from: now, judging: { times: 0, ms: 0 } })
    town.feed(past.filter(({ at }) => at >= now))
    town.runUntil(now + 20 * minuteMs)
    const lesson = town.watch().lesson()!
    town.runUntil(now + 40 * minuteMs)
    expect(town.watch().lesson()).toBeUndefined()
    expect(town.watch().learn(lesson, new Map())).toBe(false)
    while (town.watch().judge(town.now()) !== undefined);
    expect(town.watch().learn(lesson, new Map())).toBe(false)
    expect(town.watch().lesson()).toBeDefined()
  })

  test('later where the store cannot answer, and the fault is told', async () => {
    const failing = { applied: async () => 1e9, cells: async () => Promise.reject(new Error('down')) }
    const { history, faults, town } = await taught(failing, past)
    await eventually(() => expect(faults).toHaveLength(1))
    expect(history.stats().taught).toBe(0)
    expect(town.watch().lesson()).toBeDefined()
  })
})
