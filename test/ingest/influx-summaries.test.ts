import {
  array, assert, asyncProperty, boolean, constantFrom, integer, oneof, record, subarray,
} from 'fast-check' // biome-ignore format: one line
import { describe, expect, onTestFinished, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { InfluxSettings } from '../../ingest/store/influx-settings.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { piecesOf, quarterMs } from '../../ingest/store/influx-summaries.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { CellQuery, Store } from '../../ingest/store/store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { openMeddler } from '../support/meddler.ts'
import { passage } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'

const start = Date.UTC(2026, 9, 20)
const now = start + 10 * dayMs

async function open(settings: InfluxSettings): Promise<Store> {
  const store = createInfluxStore({ ...settings, directory: await temporaryDirectory(), clock: () => now })
  onTestFinished(() => store.close())
  return store
}

async function updateAll(store: Store): Promise<number> {
  for (let days = 0; ; days++) if ((await store.summaries!.update()) === 0) return days
}

const inOrder = async (store: Store, query: CellQuery) =>
  (await store.cells(query)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const someTime = integer({ min: 0, max: 4 * dayMs }).map(ms => start + ms)
const near = oneof(
  someTime,
  integer({ min: 0, max: 4 * 96 }).map(quarters => start + quarters * quarterMs),
)
const someEvent = record({
  at: near,
  at2: integer({ min: 1, max: 3 }),
  kind: constantFrom('passage', 'vehicle', 'sighting', 'door'),
  direction: constantFrom('in', 'out'),
  result: constantFrom('granted', 'denied'),
  person: constantFrom(undefined, 0, 2, 5),
  state: constantFrom('open', 'closed'),
}).map(({ at, at2, kind, direction, result, person, state }) => {
  const data = {
    passage: { direction, result, method: 'card' },
    vehicle: { class: result === 'denied' ? 'bus' : 'car', direction },
    sighting: {
      outcome: result === 'denied' ? 'thinned' : 'seen',
      ...(person === undefined ? {} : { person }),
    },
    door: { state, ...(person === undefined ? {} : { openMs: person * 1000 }) },
  }[kind]
  return {
    record: { ...passage({ at }), kind, data } as unknown as EventRecord,
    place: place(at2, { building: `栋 ${at2 % 2}` }),
  }
})

const act = oneof(
  record({ act: constantFrom('write'), events: array(someEvent, { minLength: 1, maxLength: 12 }) }),
  record({ act: constantFrom('cut'), events: array(someEvent, { minLength: 1, maxLength: 12 }), nth: integer({ min: 0, max: 6 }), reaches: boolean() }),
  record({ act: constantFrom('update'), times: integer({ min: 1, max: 8 }) }),
  record({ act: constantFrom('cut update'), nth: integer({ min: 0, max: 6 }), reaches: boolean() }),
  record({ act: constantFrom('restart') }),
) as ReturnType<typeof record<{ act: string; events?: { record: EventRecord; place: ReturnType<typeof place> }[]; nth?: number; reaches?: boolean; times?: number }>> // biome-ignore format: acts

const tags = {
  passage: ['site', 'building', 'direction', 'result'],
  vehicle: ['building', 'direction', 'class'],
  sighting: ['building', 'outcome'],
  door: ['building', 'state'],
} as const
const question = record({
  kind: constantFrom('passage', 'vehicle', 'sighting', 'door'),
  cut: near,
  ends: array(near, { minLength: 2, maxLength: 2 }),
  offsets: array(constantFrom(0, 8 * hourMs, 5.75 * hourMs, -3.5 * hourMs, 7 * minuteMs), {
    minLength: 2,
    maxLength: 2,
  }),
  step: constantFrom(undefined, quarterMs, hourMs, dayMs, 20 * minuteMs),
  fold: boolean(),
  sum: boolean(),
  isOfDevice: constantFrom(false, false, false, true),
  by: subarray([0, 1, 2, 3]),
  where: constantFrom({}, { building: ['栋 1'] }, { site: ['nanshe'] }),
}).map(({ kind, cut, ends, offsets, step, fold, sum, isOfDevice, by, where }) => {
  const [from, to] = [Math.min(...ends), Math.max(...ends) + 1]
  const middle = Math.min(Math.max(cut, from), to)
  const sums = { passage: undefined, vehicle: undefined, sighting: 'person', door: 'openMs' } as const
  return {
    kind,
    ...(sum && sums[kind] !== undefined ? { sum: sums[kind] } : {}),
    segments: [{ from, to: middle, offsetMs: offsets[0]! }, { from: middle, to, offsetMs: offsets[1]! }],
    ...(step === undefined ? {} : { stepMs: step }),
    ...(fold && (step === quarterMs || step === hourMs) ? { foldMs: dayMs } : {}),
    by: [...by.flatMap(index => tags[kind][index] ?? []), ...(isOfDevice ? ['device' as const] : [])],
    where,
  } as CellQuery // biome-ignore format: a question
})

describeInfluxd('what an InfluxDB keeps summed up', influxd => {
  test('never changes an answer, whatever comes late, fails halfway or is started again', {
    timeout: 120_000,
  }, async () => {
    let cut: { nth: number; reaches: boolean } | undefined
    const meddler = await openMeddler(influxd().url, () => {
      if (cut === undefined || cut.nth-- > 0) return undefined
      return { cut: 'reset', reaches: cut.reaches && cut.nth === -1 }
    })
    let summed = 0
    await assert(
      asyncProperty(
        array(act, { minLength: 3, maxLength: 14 }),
        array(question, { minLength: 12, maxLength: 12 }),
        async (acts, questions) => {
          cut = undefined
          const settings = settingsFor(meddler.url)
          const memory = createMemoryStore()
          let store = await open(settings)
          let seq = 0
          for (const { act, events = [], nth = 0, reaches = false, times = 1 } of acts) {
            const rows = events.map((event, index) => row(seq + index + 1, event.record, event.place))
            const batch = { journal: 'j', rows, next: seq + rows.length }
            seq += rows.length
            if (act.startsWith('cut')) cut = { nth, reaches }
            if (rows.length > 0) {
              await memory.write(batch)
              const failure = await store.write(batch).catch(codeOf)
              cut = undefined
              if (failure !== undefined) {
                store = await open(settings)
                await store.write(batch)
              }
            } else if (act === 'restart') store = await open(settings)
            else
              for (let time = 0; time < times; time++) {
                const days = await store.summaries!.update().catch(codeOf)
                if (typeof days === 'number') summed += days
                else {
                  cut = undefined
                  store = await open(settings)
                }
              }
            cut = undefined
          }
          for (const query of questions)
            expect(await inOrder(store, query)).toEqual(await inOrder(memory, query))
          summed += await updateAll(store)
          for (const query of questions)
            expect(await inOrder(store, query)).toEqual(await inOrder(memory, query))
          await store.close()
        },
      ),
      { numRuns: 15 },
    )
    expect(summed).toBeGreaterThan(20)
  })

  const daily = { kind: 'passage', segments: [{ from: start, to: now, offsetMs: 0 }], stepMs: dayMs, by: [], where: {} } as const satisfies CellQuery // biome-ignore format: one line
  const counts = async (store: Store, query: CellQuery = daily) =>
    Object.fromEntries(
      (await store.cells(query)).map(({ localStart, count }) => [(localStart - start) / dayMs, count]),
    )
  const on = (day: number, seq: number, device = 1) => row(seq, passage({ at: start + day * dayMs + 5 * hourMs + seq }), place(device)) // biome-ignore format: one line

  async function filled() {
    const seen: string[] = []
    const meddler = await openMeddler(influxd().url, ({ body }) => {
      seen.push(new URLSearchParams(body).get('q') ?? '')
      return undefined
    })
    const settings = settingsFor(meddler.url)
    const store = await open(settings)
    const rows = [0, 0, 1, 2, 2, 2].map((day, i) => on(day, i + 1, 1 + (i % 2)))
    await store.write({ journal: 'j', rows, next: 6 })
    return {
      store,
      settings,
      read: () => seen.splice(0).filter(text => /^SELECT sum|^SELECT count\("n"\) FROM "passage/.test(text)),
    }
  }

  test('is asked instead of the rows, but for the days of which some have come since', async () => {
    const { store, read } = await filled()
    expect(await updateAll(store)).toBe(3)
    expect(await updateAll(store)).toBe(0)
    read()
    expect(await counts(store)).toEqual({ 0: 2, 1: 1, 2: 3 })
    expect(read().map(text => /FROM "(\w+)"/.exec(text)![1])).toEqual(['passage_15m', 'passage'])
    await store.write({ journal: 'j', rows: [on(1, 7)], next: 7 })
    read()
    expect(await counts(store)).toEqual({ 0: 2, 1: 2, 2: 3 })
    expect(read().map(text => /FROM "(\w+)"/.exec(text)![1])).toEqual([
      'passage_15m',
      'passage_15m',
      'passage',
      'passage',
    ])
    expect(await updateAll(store)).toBe(1)
    expect(await counts(store)).toEqual({ 0: 2, 1: 2, 2: 3 })
  })

  test('stays when the rows have expired, and goes when it is told to', async () => {
    const { store, settings } = await filled()
    while ((await store.expire({ kind: 'passage', before: start + 2.5 * dayMs })) > 0);
    expect((await store.stats()).rows.passage).toBe(0)
    expect(await counts(store)).toEqual({ 0: 2, 1: 1, 2: 3 })
    // It is too late for these to be summed up, and they are to go, too.
    await store.write({ journal: 'j', rows: [on(0, 7)], next: 7 })
    await updateAll(store)
    const again = await open(settings)
    expect(await updateAll(again)).toBe(0)
    expect(await counts(again)).toEqual({ 0: 2, 1: 1, 2: 3 })
    await again.summaries!.expire(start + 2 * dayMs)
    expect(await counts(again)).toEqual({ 2: 3 })
  })

  test('loses what is erased, but for the share of a device in days of which rows have expired', async () => {
    const { store } = await filled()
    while ((await store.expire({ kind: 'passage', before: start + dayMs })) > 0);
    await updateAll(store)
    while ((await store.expire({ kind: 'passage', before: now, of: { device: 'd1' } })) > 0);
    expect(await counts(store)).toEqual({ 0: 2, 2: 2 })
    await updateAll(store)
    expect(await counts(store)).toEqual({ 0: 2, 2: 2 })
    while ((await store.expire({ kind: 'passage', before: start + 2 * dayMs, of: { site: 'nanshe' } })) > 0);
    expect(await counts(store)).toEqual({ 2: 2 })
  })

  test('is forgotten with a database that was lost', async () => {
    const { store, settings } = await filled()
    await updateAll(store)
    await influxd().ask(`DROP DATABASE "${settings.database}"`)
    await store.write({ journal: 'j', rows: [on(3, 7)], next: 7 }).catch(codeOf)
    await store.write({ journal: 'j', rows: [on(2, 6), on(3, 7)], next: 7 })
    expect(await counts(store)).toEqual({ 2: 1, 3: 1 })
    await updateAll(store)
    expect(await counts(store)).toEqual({ 2: 1, 3: 1 })
  })
})

describe('a stretch is cut', () => {
  const at = (quarters: number) => start + quarters * quarterMs
  test('at whole quarters of the days that are summed up', () => {
    expect(piecesOf(at(-4), at(300) + 1, [start, start + dayMs, start + 3 * dayMs])).toEqual([
      { from: at(-4), to: at(0), summed: false },
      { from: at(0), to: at(192), summed: true },
      { from: at(192), to: at(288), summed: false },
      { from: at(288), to: at(300), summed: true },
      { from: at(300), to: at(300) + 1, summed: false },
    ])
    expect(piecesOf(at(1) + 1, at(2) - 1, [start])).toEqual([
      { from: at(1) + 1, to: at(2) - 1, summed: false },
    ])
    expect(piecesOf(at(1) + 1, at(3), [start])).toEqual([
      { from: at(1) + 1, to: at(2), summed: false },
      { from: at(2), to: at(3), summed: true },
    ])
  })
})
