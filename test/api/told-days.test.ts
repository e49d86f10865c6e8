import { describe, expect, test } from 'vitest'
import { createDayBook } from '../../api/operations/day-book.ts'
import { createFlowScopes } from '../../api/operations/flow-scope.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import { parseMoment } from '../../flow/zone.ts'
import type { Entry } from '../../gateway/journal/journal.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row } from '../../ingest/store/store.ts'
import { passage } from '../support/records.ts'

const zone = 'Asia/Shanghai'
const monday = parseMoment('2026-11-02', zone)
const analyst = { as: 'token', name: 'ana', role: 'analyst' } as const
const door = (device: string, site: string, building: string, change = {}) =>
  ({ device, kind: 'terminal', site, building, point: 'd1', zone, ...change }) as const

/** A town of two sites with three and two buildings, of which one has the door of a household, and two days of passages. */
async function setUp() {
  let now = monday - dayMs
  const state = createMemoryState()
  const registry = createRegistry(state)
  const store = createMemoryStore()
  let seq = 0
  /** In the journal, and not in the store. */
  let behind: Entry[] = []
  const journal = { id: 'j', read: () => ({ entries: behind, next: 0, damaged: 0, freed: 0 }) }
  const parts = { state, registry, store, journal, zone, clock: () => now }
  const toldDays = createDayBook(parts)
  const scopeOf = createFlowScopes({ registry, store, toldDays, minCount: 10, defaultZone: zone, clock: () => now }) // biome-ignore format: one line

  const enrol = (...rows: object[]) => registry.enrol(rows, now)
  const recordOf = (at: number, receivedAt = at) => passage({ at, receivedAt }) as EventRecord<'passage'>
  async function pass(device: string, count: number, at: number, receivedAt?: number) {
    const rows = Array.from({ length: count }, (_, i): Row => {
      const place = registry.place(registry.get(device)!.place)!
      return { seq: ++seq, place, record: recordOf(at + i * minuteMs, receivedAt) }
    })
    await store.write({ journal: 'j', rows, next: seq })
  }
  const ask = (question: Partial<ZonedQuestion> = {}) =>
    answerFlow(
      { measure: 'passages', from: '2026-11-02', to: '2026-11-04', every: '1d', by: ['site', 'building'], zone, where: { direction: ['in'] }, ...question },
      store,
      scopeOf(analyst),
    ) // biome-ignore format: long lines
  const told = async (question?: Partial<ZonedQuestion>) =>
    Object.fromEntries((await ask(question)).rows.map(({ start, values, count }) => [`${start.slice(8, 10)} ${values.join(' ')}`, count])) // biome-ignore format: one line
  const everything = async () => {
    const questions = ['1d', '1h'].flatMap(every => [[], ['site'], ['building'], ['method']].map(by => ({ every, by }))) // biome-ignore format: one line
    return Promise.all(questions.map(async question => (await ask(question)).rows))
  }

  await enrol(
    door('a1', 'elm', 'a1'),
    door('a2', 'elm', 'a2'),
    door('a3', 'elm', 'a3'),
    door('home', 'elm', 'villa', { household: true }),
    door('b1', 'oak', 'b1'),
    door('b2', 'oak', 'b2'),
  )
  for (const day of [monday, monday + dayMs]) {
    const counts = { a1: 30, a2: 22, a3: 14, home: 12, b1: 40, b2: 20 }
    for (const [device, count] of Object.entries(counts)) await pass(device, count, day + 8 * hourMs)
  }
  return {
    registry,
    toldDays,
    enrol,
    pass,
    ask,
    told,
    everything,
    setNow: (at: number) => {
      now = at
    },
    setBehind: (receivedAt: number | undefined) => {
      behind = receivedAt === undefined ? [] : [{ seq: 1, device: 'a1', id: 'x', record: recordOf(receivedAt) }] // biome-ignore format: one line
    },
  }
}

const wednesday = monday + 2 * dayMs

describe('a day is told', () => {
  test('three hours after its end, and not while the store lacks what came until then', async () => {
    const { ask, told, setNow, setBehind } = await setUp()
    setNow(wednesday + 3 * hourMs - 1)
    expect((await ask()).suppression).toMatchObject({ until: '2026-11-03T00:00:00+08:00' })
    setNow(wednesday + 4 * hourMs)
    setBehind(wednesday + hourMs)
    expect(await told()).toMatchObject({ '02 oak b1': 40, '03 oak b1': null, '03 elm a1': null })
    setBehind(undefined)
    expect(await told()).toMatchObject({ '02 oak b1': 40, '03 oak b1': 40, '03 elm a1': 30 })
  })

  test('alike, whatever comes late, and anew with all of that a week after its end', async () => {
    const { pass, told, everything, setNow } = await setUp()
    setNow(wednesday + 12 * hourMs)
    const before = await everything()
    for (let i = 0; i < 5; i++) {
      await pass('b1', 1, monday + 9 * hourMs + i, wednesday + 12 * hourMs + i)
      expect(await everything()).toEqual(before)
    }
    setNow(monday + 8 * dayMs - 1)
    expect(await everything()).toEqual(before)
    setNow(monday + 8 * dayMs)
    expect(await told()).toMatchObject({ '02 oak b1': 45, '03 oak b1': 40 })
  })

  const enrolments: { title: string; change: (town: Awaited<ReturnType<typeof setUp>>) => Promise<unknown> }[] = [
    { title: 'an empty building', change: ({ enrol }) => enrol(door('a4', 'elm', 'a4')) },
    { title: 'empty sites', change: ({ enrol }) => enrol(...['x', 'y', 'z'].map(site => door(site, site, site))) },
    { title: 'the door of a household at a site that had none', change: ({ enrol }) => enrol(door('b3', 'oak', 'b1', { household: true })) },
    { title: 'another house of a household', change: ({ enrol }) => enrol(door('home2', 'elm', 'villa2', { household: true })) },
    {
      title: 'the door of a household that then reports late',
      change: async ({ enrol, pass }) => {
        await enrol(door('b3', 'oak', 'b1', { household: true }))
        await pass('b3', 3, monday + 9 * hourMs, wednesday + 13 * hourMs)
      },
    },
    {
      title: 'a building that then reports late',
      change: async ({ enrol, pass }) => {
        await enrol(door('b4', 'oak', 'b4'))
        await pass('b4', 12, monday + 9 * hourMs, wednesday + 13 * hourMs)
      },
    },
    { title: 'that a door is of a household', change: ({ enrol }) => enrol(door('a3', 'elm', 'a3', { household: true })) },
    { title: 'that the door of a household is none', change: ({ enrol }) => enrol(door('home', 'elm', 'villa', { household: false })) },
    { title: 'that a door is at another building', change: ({ enrol }) => enrol(door('a2', 'elm', 'a9')) },
    { title: 'nothing, and takes the door of a household away', change: ({ registry }) => registry.remove('home', { forget: false }) },
    { title: 'nothing, and takes a door away', change: ({ registry }) => registry.remove('a3', { forget: false }) },
    { title: 'that a door is a checkpoint', change: ({ enrol }) => enrol(door('b2', 'oak', 'b2', { kind: 'checkpoint' })) },
  ] // biome-ignore format: a table
  for (const { title, change } of enrolments) {
    test(`alike after one enrols ${title}, also when it is told anew`, async () => {
      const town = await setUp()
      town.setNow(wednesday + 12 * hourMs)
      const before = await town.everything()
      town.setNow(wednesday + 13 * hourMs)
      await change(town)
      expect(await town.everything()).toEqual(before)
      town.setNow(wednesday + 40 * dayMs)
      expect(await town.everything()).toEqual(before)
    })
  }

  test('without a place that has never reported anything, and with it from its first report on', async () => {
    const { enrol, pass, told, setNow } = await setUp()
    await enrol(door('a4', 'elm', 'a4'), door('c1', 'ash', 'c1'))
    await pass('a4', 2, monday + dayMs + 9 * hourMs)
    setNow(wednesday + 12 * hourMs)
    const answer = await told()
    expect(Object.keys(answer).filter(name => /a4|ash/.test(name))).toEqual(['03 elm a4'])
    // The smallest building stands beside the household; where another is small, no more than that.
    expect(answer).toMatchObject({ '02 elm a1': 30, '02 elm a3': null, '03 elm a1': 30, '03 elm a3': null })
  })

  test('of a site beside one that first reports later: the days before hide neither, however long the step', async () => {
    const { enrol, pass, ask, setNow } = await setUp()
    await enrol(door('c1', 'yew', 'c1'), door('c2', 'yew', 'c2'))
    for (const device of ['c1', 'c2']) await pass(device, 30, monday + 2 * dayMs + 8 * hourMs)
    for (const device of ['a1', 'a2', 'b1']) await pass(device, 30, monday + 2 * dayMs + 9 * hourMs)
    setNow(monday + 4 * dayMs)
    const bySite = async (every: string) =>
      (await ask({ every, by: ['site'], to: '2026-11-05' })).rows.map(({ values, count, hidden = 0 }) => [...values, count, hidden].join(' ')) // biome-ignore format: one line
    expect(await bySite('all')).toEqual(['elm 216 0', 'oak 150 0', 'yew 60 0'])
    expect(await bySite('1d')).toEqual(['elm 78 0', 'oak 60 0', 'elm 78 0', 'oak 60 0', 'elm 60 0', 'oak 30 0', 'yew 60 0']) // biome-ignore format: one line
  })

  test('anew once history was stored of it, with the places that this is of', async () => {
    const { enrol, pass, told, toldDays, setNow } = await setUp()
    const now = wednesday + 12 * hourMs
    setNow(now)
    const before = await told()
    await enrol(door('c1', 'ash', 'c1'), door('c2', 'ash', 'c2'))
    for (const device of ['c1', 'c2']) await pass(device, 33, monday + 8 * hourMs, now)
    expect(await told()).toEqual(before)
    await toldDays.unsettle([monday + 8 * hourMs], now)
    setNow(now + 5)
    expect(await told()).toEqual({ ...before, '02 ash c1': 33, '02 ash c2': 33 })
  })

  test('anew where it was told by a clock that was far ahead', async () => {
    const { pass, told, setNow } = await setUp()
    setNow(wednesday + 20 * dayMs)
    await told({ to: '2026-11-05' })
    setNow(wednesday + hourMs)
    await pass('b1', 25, wednesday + 9 * hourMs, wednesday + 9 * hourMs)
    setNow(wednesday + 2 * dayMs)
    expect(await told({ from: '2026-11-04', to: '2026-11-05', by: ['site'] })).toMatchObject({
      '04 oak': null,
    })
    expect((await told({ from: '2026-11-04', to: '2026-11-05', by: [] }))['04 ']).toBe(25)
  })
})

describe('of the door of a household', () => {
  test('nobody is told who sees no small number: no building, no note, no point', async () => {
    const { ask, setNow } = await setUp()
    setNow(wednesday + 12 * hourMs)
    const ofVilla = await ask({ where: { building: ['villa'] }, fill: 'zero', compare: '1d' })
    const ofNone = await ask({ where: { building: ['nowhere'] }, fill: 'zero', compare: '1d' })
    const text = JSON.stringify(ofNone).replaceAll('nowhere', 'villa')
    expect(JSON.stringify(ofVilla)).toBe(text)
    expect(JSON.stringify(await ask({ by: ['building'], top: 1 }))).not.toContain('villa')
  })
})
