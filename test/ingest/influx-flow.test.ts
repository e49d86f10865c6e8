import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  integer,
  option,
  record,
  subarray,
  tuple,
  uniqueArray,
} from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { stepNames } from '../../flow/calendar.ts'
import { answerFlow } from '../../flow/query.ts'
import { createInfluxStore } from '../../ingest/store/influx-store.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { describeInfluxd, settingsFor } from '../support/influxd.ts'
import { passage } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { place, row } from './store-batch.ts'

const zones = [
  'Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Africa/Cairo',
  'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Pacific/Chatham', 'Antarctica/Troll', 'UTC',
] // biome-ignore format: a list
/** Where clocks were set, so that a moment near one is no rarity. */
const turns = ['2018-11-04T03:00Z', '2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-04-04T15:00Z', '2011-12-30T10:00Z', '1969-12-31T23:00Z'].map(text => Date.parse(text)) // biome-ignore format: a list
const someTime = record({
  turn: constantFrom(...turns),
  ms: integer({ min: -3 * dayMs, max: 3 * dayMs }),
}).map(({ turn, ms }) => turn + ms)

/** Near one turn, so that short steps are not too many. */
const someMarks = tuple(
  constantFrom(...turns),
  uniqueArray(integer({ min: -3 * dayMs, max: 3 * dayMs }), { minLength: 2, maxLength: 2 }),
).map(([turn, marks]) => marks.map(ms => turn + ms))

type Data = Record<string, unknown>
const optional = (data: Data) =>
  Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined))
const passageData = record({
  direction: constantFrom('in', 'out'),
  result: constantFrom('granted', 'denied'),
  method: constantFrom('card', 'face'),
  holder: constantFrom('resident', undefined),
  reason: constantFrom('expired', undefined),
})
const vehicleData = record({
  class: constantFrom('bus', 'car'),
  direction: constantFrom('in', 'out'),
  lane: constantFrom(undefined, 0, 1, 63),
})
const sightingData = record({
  outcome: constantFrom('seen', 'thinned'),
  person: constantFrom(undefined, 0, 1, 7),
})
const doorData = record({
  state: constantFrom('open', 'closed', 'held'),
  openMs: constantFrom(undefined, 0, 2500, 60_000),
})
const someEvent = record({
  at: someTime,
  place: integer({ min: 1, max: 4 }),
  kind: constantFrom('passage', 'vehicle', 'sighting', 'door'),
  passage: passageData,
  vehicle: vehicleData,
  sighting: sightingData,
  door: doorData,
}).map(({ at, place: id, kind, ...data }) => ({
  record: {
    ...passage({ at }),
    kind,
    data: optional(data[kind as 'passage'] as Data),
  } as unknown as EventRecord,
  place: place(id, { building: `栋 ${id % 2}` }),
}))

const dimensions = {
  passages: ['site', 'building', 'point', 'device', 'direction', 'method', 'holder', 'reason'],
  denied: ['building', 'reason'],
  vehicles: ['building', 'direction', 'class', 'lane'],
  people: ['device', 'building'],
  pictures: ['outcome', 'site'],
  net: ['building', 'method'],
  doors: ['state', 'site'],
  'door-open': ['building'],
} as const
type Measure = keyof typeof dimensions

describeInfluxd('whatever happened, in any zone and step,', influxd => {
  test('the memory store and InfluxDB give the same answer', async () => {
    const asked = record({
      measure: constantFrom<Measure>(...(Object.keys(dimensions) as Measure[])),
      zone: constantFrom(...zones),
      every: constantFrom(...stepNames),
      marks: someMarks,
      seed: integer({ min: 0, max: 255 }),
      slots: subarray(['hour-of-day', 'day-of-week']),
      hours: option(constantFrom(['1', '2', '3'], ['23', '0']), { nil: undefined }),
    })
    const memory = createMemoryStore()
    const influx = createInfluxStore({
      ...settingsFor(influxd().url),
      directory: await temporaryDirectory(),
      clock: Date.now,
    })
    onTestFinished(() => influx.close())
    let journal = 0
    await assert(
      asyncProperty(array(someEvent, { maxLength: 60 }), asked, async (events, asks) => {
        const { measure, zone, every, marks, seed, slots, hours } = asks
        const isLong = ['1w', '1M', '1y', 'all'].includes(every)
        // Both stores keep what earlier runs wrote: more to disagree about.
        const rows = events.map((event, index) => row(index + 1, event.record, event.place))
        const batch = { journal: `j${++journal}`, rows, next: rows.length }
        await Promise.all([memory.write(batch), influx.write(batch)])
        const iso = (ms: number) => new Date(ms).toISOString()
        const question = {
          measure,
          zone,
          every,
          by: [...(isLong ? slots : []), ...dimensions[measure].filter((_, index) => (seed >> index) & 1)],
          where: hours === undefined ? {} : { 'hour-of-day': hours },
          from: iso(Math.min(...marks)),
          to: iso(Math.max(...marks)),
        }
        const [one, other] = await Promise.all([answerFlow(question, memory), answerFlow(question, influx)])
        expect(other).toEqual(one)
      }),
      { numRuns: 60 },
    )
  })
})
