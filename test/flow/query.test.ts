import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  option,
  record,
  subarray,
  tuple,
  uniqueArray,
} from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { stepNames } from '../../flow/calendar.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import { maxRows } from '../../flow/row-table.ts'
import { formatLocal, parseMoment } from '../../flow/zone.ts'
import { openDuckDbStore } from '../../ingest/store/duckdb-store.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Row, Store } from '../../ingest/store/store.ts'
import { place, row } from '../ingest/store-contract.ts'
import { passage } from '../support/records.ts'

const question = (change: Partial<ZonedQuestion> = {}): ZonedQuestion => ({
  measure: 'passages', from: '2026-11-21', to: '2026-11-22', every: '1h', by: [], zone: 'Asia/Shanghai', ...change,
}) // biome-ignore format: one line

async function storeWith(moments: readonly number[]): Promise<Store> {
  const store = createMemoryStore()
  const rows = moments.map((at, index) => row(index + 1, passage({ at })))
  await store.write({ journal: 'j', rows, next: rows.length })
  return store
}

/** An event at every quarter of an hour of [from, to). */
function quarters(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / (15 * minuteMs) }, (_, i) => from + i * 15 * minuteMs)
}

describe('flow', () => {
  test('counts what was granted, what was denied, what drove by and what was seen, each by itself', async () => {
    const store = createMemoryStore()
    const at = parseMoment('2026-11-21T08:30', 'Asia/Shanghai')
    const denied = passage({ at, data: { result: 'denied', direction: 'out', reason: 'expired' } })
    const car: EventRecord = {
      ...passage({ at }),
      kind: 'vehicle',
      data: { class: 'car', direction: 'in', lane: 2 },
    }
    const seen: EventRecord = { ...passage({ at }), kind: 'sighting', data: { outcome: 'seen', person: 3 } }
    const thinned: EventRecord = { ...passage({ at }), kind: 'sighting', data: { outcome: 'thinned' } }
    const records = [passage({ at }), denied, car, seen, thinned]
    await store.write({ journal: 'j', rows: records.map((record, index) => row(index + 1, record)), next: 5 })
    const start = '2026-11-21T08:00:00+08:00'
    const ask = async (change: Partial<ZonedQuestion>) => (await answerFlow(question(change), store)).rows
    expect(await ask({ by: ['direction', 'point'] })).toEqual([
      { start, values: ['in', 'nanshe', 'b01', 'p1'], count: 1 },
    ])
    expect(await ask({ measure: 'denied', by: ['reason'] })).toEqual([
      { start, values: ['expired'], count: 1 },
    ])
    expect(await ask({ measure: 'vehicles', by: ['class', 'lane'] })).toEqual([
      { start, values: ['car', 'nanshe', 'b01', 'p1', '2'], count: 1 },
    ])
    expect(await ask({ measure: 'people', by: ['building'] })).toEqual([
      { start, values: ['nanshe', 'b01'], count: 3 },
    ])
    expect(await ask({ measure: 'pictures', by: ['outcome'] })).toEqual([
      { start, values: ['seen'], count: 1 },
      { start, values: ['thinned'], count: 1 },
    ])
  })

  test('answers with the question as it was understood, rows in order, and their total', async () => {
    const from = parseMoment('2026-11-21', 'Asia/Shanghai')
    const store = await storeWith([from + 90 * minuteMs, from, from + dayMs - 1, from + dayMs, from - 1])
    expect(await answerFlow(question({ to: '2026-11-22T00:00' }), store)).toEqual({
      measure: 'passages', unit: 'count', every: '1h', zone: 'Asia/Shanghai', by: [],
      from: '2026-11-21T00:00:00+08:00',
      to: '2026-11-22T00:00:00+08:00',
      rows: [
        { start: '2026-11-21T00:00:00+08:00', values: [], count: 1 },
        { start: '2026-11-21T01:00:00+08:00', values: [], count: 1 },
        { start: '2026-11-21T23:00:00+08:00', values: [], count: 1 },
      ],
      total: 3,
    }) // biome-ignore format: the question, then the answer
  })

  const days: { zone: string; day: string; hours: number; odd: [start: string, count: number][] }[] = [
    { zone: 'Europe/Berlin', day: '2026-03-29', hours: 23, odd: [['2026-03-29T01:00:00+01:00', 4], ['2026-03-29T03:00:00+02:00', 4]] },
    { zone: 'Europe/Berlin', day: '2026-10-25', hours: 25, odd: [['2026-10-25T02:00:00+02:00', 4], ['2026-10-25T02:00:00+01:00', 4]] },
    { zone: 'America/New_York', day: '2026-03-08', hours: 23, odd: [['2026-03-08T01:00:00-05:00', 4], ['2026-03-08T03:00:00-04:00', 4]] },
    { zone: 'America/New_York', day: '2026-11-01', hours: 25, odd: [['2026-11-01T01:00:00-04:00', 4], ['2026-11-01T01:00:00-05:00', 4]] },
    { zone: 'Australia/Lord_Howe', day: '2026-10-04', hours: 23.5, odd: [['2026-10-04T01:00:00+10:30', 4], ['2026-10-04T02:30:00+11:00', 2]] },
    { zone: 'Australia/Lord_Howe', day: '2026-04-05', hours: 24.5, odd: [['2026-04-05T01:00:00+11:00', 4], ['2026-04-05T01:30:00+10:30', 2]] },
    { zone: 'Asia/Shanghai', day: '1991-04-14', hours: 23, odd: [['1991-04-14T01:00:00+08:00', 4], ['1991-04-14T03:00:00+09:00', 4]] },
    { zone: 'Asia/Shanghai', day: '1991-09-15', hours: 25, odd: [['1991-09-15T01:00:00+09:00', 4], ['1991-09-15T01:00:00+08:00', 4]] },
    { zone: 'America/Sao_Paulo', day: '2018-11-04', hours: 23, odd: [['2018-11-04T01:00:00-02:00', 4]] },
    { zone: 'America/Sao_Paulo', day: '2018-02-17', hours: 25, odd: [['2018-02-17T23:00:00-02:00', 4], ['2018-02-17T23:00:00-03:00', 4]] },
    { zone: 'Africa/Cairo', day: '2026-04-24', hours: 23, odd: [['2026-04-24T01:00:00+03:00', 4]] },
    { zone: 'America/Havana', day: '2026-11-01', hours: 25, odd: [['2026-11-01T00:00:00-04:00', 4], ['2026-11-01T00:00:00-05:00', 4]] },
    { zone: 'Asia/Kathmandu', day: '2026-01-01', hours: 24, odd: [['2026-01-01T00:00:00+05:45', 4]] },
  ] // biome-ignore format: a table
  for (const { zone, day, hours, odd } of days) {
    test(`has ${hours} hours on ${day} in ${zone}, each in its place, and one day`, async () => {
      const next = new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10)
      const [from, to] = [parseMoment(day, zone), parseMoment(next, zone)]
      expect((to - from) / hourMs).toBe(hours)
      const events = quarters(from, to)
      const store = await storeWith([from - 1, ...events, to])
      const ask = async (every: string) =>
        (await answerFlow(question({ zone, from: day, to: next, every }), store)).rows

      expect(await ask('1d')).toEqual([{ start: formatLocal(zone, from), values: [], count: hours * 4 }])
      const hourly = await ask('1h')
      for (const [start, count] of odd) expect(hourly).toContainEqual({ start, values: [], count })
      expect(new Set(hourly.map(({ start }) => start)).size).toBe(hourly.length)
      expect(hourly.reduce((sum, { count }) => sum + count!, 0)).toBe(hours * 4)
      const quarterly = await ask('15m')
      expect(quarterly.map(({ start }) => start)).toEqual(events.map(at => formatLocal(zone, at)))
      expect(quarterly.every(({ count }) => count === 1)).toBe(true)
    })
  }

  const wrong: { change: Partial<ZonedQuestion>; code?: string; say: RegExp }[] = [
    { change: { measure: 'faces' }, say: /^measure must be one of passages, net, denied, vehicles, people, pictures, doors, door-open, alerts$/ },
    { change: { measure: 'people', by: ['method'] }, say: /^by may hold .*, outcome, .* for people, not "method"$/ },
    { change: { measure: 'constructor' }, say: /^measure must be one of/ },
    { change: { every: '5m' }, say: /^every must be one of 15m, 30m, 1h, 2h, 3h, 6h, 12h, 1d, 1w, 1M, 1y, all$/ },
    { change: { every: 'toString' }, say: /^every must be one of/ },
    { change: { zone: 'Shanghai' }, say: /^zone must be an IANA time zone such as Asia\/Shanghai, not "Shanghai"$/ },
    { change: { zone: '+08:00' }, say: /^zone must be an IANA/ },
    { change: { zone: '' }, say: /^zone must be an IANA/ },
    { change: { from: 'yesterday' }, say: /^from must be a date or a time such as 2026-11-21 or/ },
    { change: { to: '2026-02-30' }, say: /^to must be a date or a time/ },
    { change: { to: '2026-11-21' }, say: /^from must be before to$/ },
    { change: { from: '2026-11-23' }, say: /^from must be before to$/ },
    { change: { by: ['class'] }, say: /^by may hold site, building, point, device, direction, result, method, holder, reason, hour-of-day, day-of-week for passages, not "class"$/ },
    { change: { measure: 'vehicles', by: ['method'] }, say: /^by may hold .*, direction, class, lane, .* for vehicles, not "method"$/ },
    { change: { by: [''] }, say: /^by may hold .* not ""$/ },
    { change: { by: ['name"; drop table'] }, say: /^by may hold/ },
    { change: { by: ['site', 'site'] }, say: /^by names a dimension twice$/ },
    { change: { every: '15m', from: '2016-01-01', to: '2026-01-01' }, code: 'FLOW_QUERY_TOO_WIDE', say: /^3653 days are 350688 steps of 15m, and 100000 is the most: ask with every=1h, or for less time$/ },
    { change: { by: ['hour-of-day'], every: '6h' }, say: /^by hour-of-day goes with steps of 1d and longer, or all/ },
    { change: { by: ['day-of-week'], every: '1d' }, say: /^by day-of-week goes with steps of 1w and longer, or all/ },
    { change: { fill: 'null' }, say: /^fill must be one of none, zero$/ },
    { change: { compare: '2w' }, say: /^compare must be one of previous, 1d, 1w, 1M, 1y$/ },
    { change: { top: 3 }, say: /^top needs by/ },
    { change: { top: 0, by: ['site'] }, say: /^top must be a number from 1 to 1000$/ },
    { change: { top: 1.5, by: ['site'] }, say: /^top must be a number from 1 to 1000$/ },
    { change: { measure: 'net', share: true }, say: /^share is not to be had of net/ },
    { change: { measure: 'net', by: ['direction'] }, say: /^by may hold .* for net, not "direction"$/ },
    { change: { where: { klass: ['car'] } }, say: /^where may hold site, .* for passages, not "klass"$/ },
    { change: { where: { method: ['crad'] } }, say: /^method must be among card, face, .*, not "crad"$/ },
    { change: { where: { site: [] } }, say: /^where site must have 1 to 500 values$/ },
    { change: { where: { site: ['x'.repeat(257)] } }, say: /^where site has a value of more than 256 characters$/ },
    { change: { where: { 'hour-of-day': ['24'] } }, say: /^hour-of-day must be 0 to 23$/ },
    { change: { where: { 'day-of-week': ['0'] } }, say: /^day-of-week must be 1 \(Monday\) to 7$/ },
    { change: { where: { constructor: ['x'] } }, say: /^where may hold/ },
    { change: { from: '1900-01-01', to: '2026-01-01' }, code: 'FLOW_QUERY_TOO_WIDE', say: /more than 100 years apart/ },
    { change: { from: '0001-01-01', to: '9999-12-31' }, code: 'FLOW_QUERY_TOO_WIDE', say: /more than 100 years apart/ },
  ] // biome-ignore format: a table
  for (const { change, code = 'FLOW_QUERY_INVALID', say } of wrong) {
    test(`is not asked with ${JSON.stringify(change)}`, async () => {
      const answer = answerFlow(question(change), createMemoryStore())
      await expect(answer).rejects.toMatchObject({ code, message: expect.stringMatching(say) })
    })
  }

  test('is not answered with more rows than anybody could use, and the store is not asked for them', async () => {
    let limit: number | undefined
    const cell = { segment: 0, localStart: 0, values: [], count: 1, rows: 1 }
    const store: Store = {
      ...createMemoryStore(),
      async cells(query) {
        limit = query.limit
        return Array.from({ length: maxRows + 1 }, () => cell)
      },
    }
    await expect(answerFlow(question(), store)).rejects.toMatchObject({ code: 'FLOW_QUERY_TOO_WIDE' })
    expect(limit).toBe(maxRows + 1)
  })
})

const zones = [
  'Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Africa/Cairo',
  'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Pacific/Chatham', 'Antarctica/Troll', 'UTC',
] // biome-ignore format: a list

/** Where clocks were set, so that a moment near one is no rarity. */
const turns = [
  '2018-11-04T03:00:00Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-04-04T15:00:00Z',
  '2011-12-30T10:00:00Z',
].map(text => Date.parse(text))
const someTime = record({ turn: constantFrom(...turns), ms: integer({ min: -3 * dayMs, max: 3 * dayMs }) })
/** Near one turn, so that short steps are not too many. */
const someMarks = tuple(constantFrom(...turns), uniqueArray(integer({ min: -3 * dayMs, max: 3 * dayMs }), { minLength: 2, maxLength: 6 })).map(([turn, marks]) => marks.map(ms => turn + ms)) // biome-ignore format: one line
const toMs = ({ turn, ms }: { turn: number; ms: number }) => turn + ms

const someEvents = array(
  record({
    time: someTime,
    place: integer({ min: 1, max: 4 }),
    direction: constantFrom('in', 'out'),
    granted: boolean(),
    holder: constantFrom('resident', 'visitor', undefined),
    lane: constantFrom(undefined, 0, 1, 63),
    vehicle: boolean(),
  }),
  { maxLength: 60 },
)

function toRow(
  { time, place: id, direction, granted, holder, lane, vehicle }: Record<string, unknown>,
  index: number,
): Row {
  const at = toMs(time as never)
  const head = { at, receivedAt: at, late: false, skewed: false, place: id as number }
  const optional = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value })
  const event = vehicle
    ? { kind: 'vehicle', ...head, data: { class: 'bus', direction, ...optional('lane', lane) } }
    : {
        kind: 'passage',
        ...head,
        data: {
          direction,
          result: granted ? 'granted' : 'denied',
          method: 'card',
          ...optional('holder', holder),
        },
      }
  return row(index + 1, event as never, place(id as number, { building: `b${(id as number) % 2}` }))
}

const iso = (ms: number) => new Date(ms).toISOString()

describe('whatever happened, in any zone and step,', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lintel-'))
  let duck: Store
  beforeAll(async () => {
    duck = await openDuckDbStore({ directory, memoryBytes: 256e6, threads: 2, clock: Date.now })
  })
  afterAll(async () => {
    await duck.close()
    rmSync(directory, { recursive: true })
  })

  test('the rows count each event in [from, to) once, and so do those of the parts of it', async () => {
    const asked = record({
      zone: constantFrom(...zones),
      every: constantFrom(...stepNames.filter(step => step !== 'all')),
      marks: someMarks,
    })
    await assert(
      asyncProperty(someEvents, asked, async (events, { zone, every, marks }) => {
        const rows = events.map(toRow)
        const store = createMemoryStore()
        await store.write({ journal: 'j', rows, next: rows.length })
        const sorted = marks.toSorted((a, b) => a - b)
        const ask = (from: number, to: number) =>
          answerFlow(question({ zone, every, from: iso(from), to: iso(to), by: ['direction'] }), store)
        const whole = await ask(sorted[0]!, sorted.at(-1)!)
        const inside = rows.filter(
          ({ record: { at, kind, data } }) =>
            kind === 'passage' &&
            (data as { result: string }).result === 'granted' &&
            at >= sorted[0]! &&
            at < sorted.at(-1)!,
        )
        expect(whole.total).toBe(inside.length)
        const merged = new Map<string, number>()
        for (const [index, from] of sorted.slice(0, -1).entries()) {
          for (const { start, values, count } of (await ask(from, sorted[index + 1]!)).rows) {
            const key = `${start} ${values}`
            merged.set(key, (merged.get(key) ?? 0) + count!)
          }
        }
        expect(merged).toEqual(
          new Map(whole.rows.map(({ start, values, count }) => [`${start} ${values}`, count])),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('the memory store and DuckDB give the same answer', async () => {
    const dimensions = {
      passages: ['site', 'building', 'point', 'device', 'direction', 'method', 'holder', 'reason'],
      vehicles: ['building', 'direction', 'class', 'lane'],
    }
    const asked = record({
      measure: constantFrom('passages', 'vehicles'),
      zone: constantFrom(...zones),
      every: constantFrom(...stepNames),
      marks: someMarks,
      seed: integer({ min: 0, max: 255 }),
      slots: subarray(['hour-of-day', 'day-of-week']),
      hours: option(constantFrom(['1', '2', '3'], ['23', '0']), { nil: undefined }),
    })
    let journal = 0
    const memory = createMemoryStore()
    await assert(
      asyncProperty(
        someEvents,
        asked,
        async (events, { measure, zone, every, marks, seed, slots, hours }) => {
          const [from, to] = [Math.min(...marks), Math.max(...marks)]
          // Both stores keep what earlier runs wrote: more to disagree about.
          const batch = { journal: `j${++journal}`, rows: events.map(toRow), next: events.length }
          await Promise.all([memory.write(batch), duck.write(batch)])
          const isLong = ['1w', '1M', '1y', 'all'].includes(every)
          const by = [
            ...(isLong ? slots : []),
            ...dimensions[measure as 'passages'].filter((_, index) => (seed >> index) & 1),
          ]
          const asks = question({
            measure,
            zone,
            every,
            by,
            where: hours === undefined ? {} : { 'hour-of-day': hours },
            from: iso(from),
            to: iso(to),
          })
          const [one, other] = await Promise.all([answerFlow(asks, memory), answerFlow(asks, duck)])
          expect(other).toEqual(one)
        },
      ),
      { numRuns: 60 },
    )
  })
})
