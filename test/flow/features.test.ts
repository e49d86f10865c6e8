import { describe, expect, test } from 'vitest'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import type { DataOf } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { FlowAnswer } from '../../flow/answer.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import type { FlowScope } from '../../flow/scope.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import type { Store } from '../../ingest/store/store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { passage } from '../support/records.ts'

const zone = 'Asia/Shanghai'

async function storeOf(records: readonly EventRecord[], buildingOf = (_: number) => 'b01'): Promise<Store> {
  const store = createMemoryStore()
  const rows = records.map((record, i) => row(i + 1, record, place(record.place.id, { building: buildingOf(record.place.id), site: record.place.id > 5 ? 'south' : 'north' }))) // biome-ignore format: one line
  await store.write({ journal: 'j', rows, next: rows.length })
  return store
}

interface Given {
  at: string
  in?: number
  out?: number
  door?: number
  data?: Partial<DataOf<'passage'>>
  zone?: string
}

/** So many passages at a local time. */
const passages = (given: readonly Given[]) =>
  given.flatMap(({ at, in: ins = 0, out = 0, door = 1, data = {}, zone: there = zone }) => {
    const record = (direction: 'in' | 'out', i: number) =>
      passage({ at: parseMoment(at, there) + i, place: place(door), data: { ...data, direction } })
    return [
      ...Array.from({ length: ins }, (_, i) => record('in', i)),
      ...Array.from({ length: out }, (_, i) => record('out', i)),
    ]
  })

const asker = (store: Store, scope?: FlowScope) => (change: Partial<ZonedQuestion>) =>
  answerFlow({ measure: 'passages', from: '2026-11-01', to: '2026-12-01', every: 'all', by: [], zone, ...change }, store, scope) // biome-ignore format: one line

/** `start values… count`, without the year and the seconds. */
const told = ({ rows }: FlowAnswer) =>
  rows.map(({ start, values, count }) => [start.slice(5, 16), ...values, count].join(' '))

describe('steps', () => {
  const days = ['2026-11-01T09:00', '2026-11-02T09:10', '2026-11-08T21:40', '2026-11-30T00:00']
  const ask = async (change: Partial<ZonedQuestion>) =>
    told(await asker(await storeOf(passages(days.map(at => ({ at, in: 1 })))))(change))
  const cases: { every: string; from?: string; to?: string; want: string[] }[] = [
    { every: 'all', want: ['11-01T00:00 4'] },
    { every: 'all', from: '2026-11-02T09:00', want: ['11-02T09:00 3'] },
    { every: '1y', want: ['01-01T00:00 4'] },
    { every: '1M', from: '2026-10-15', to: '2026-12-15', want: ['11-01T00:00 4'] },
    { every: '1w', want: ['10-26T00:00 1', '11-02T00:00 2', '11-30T00:00 1'] },
    { every: '1d', want: ['11-01T00:00 1', '11-02T00:00 1', '11-08T00:00 1', '11-30T00:00 1'] },
    { every: '12h', want: ['11-01T00:00 1', '11-02T00:00 1', '11-08T12:00 1', '11-30T00:00 1'] },
    { every: '6h', want: ['11-01T06:00 1', '11-02T06:00 1', '11-08T18:00 1', '11-30T00:00 1'] },
    { every: '2h', want: ['11-01T08:00 1', '11-02T08:00 1', '11-08T20:00 1', '11-30T00:00 1'] },
    { every: '30m', want: ['11-01T09:00 1', '11-02T09:00 1', '11-08T21:30 1', '11-30T00:00 1'] },
  ]
  for (const { every, want, ...range } of cases) {
    test(`of ${every} from ${range.from ?? 'the first'} begin where the calendar says`, async () => {
      expect(await ask({ every, ...range })).toEqual(want)
    })
  }

  test('of a month have their own lengths, also where the clock is set within', async () => {
    const berlin = 'Europe/Berlin'
    const at = [
      '2026-03-01T00:00',
      '2026-03-31T23:59',
      '2026-10-25T02:30',
      '2026-10-31T23:59',
      '2026-11-01T00:00',
    ]
    const store = await storeOf(passages(at.map(text => ({ at: text, in: 1, zone: berlin }))))
    const answer = await asker(store)({ from: '2026-03-01', to: '2027-01-01', every: '1M', zone: berlin })
    expect(answer.rows.map(({ start, count }) => [start, count])).toEqual([
      ['2026-03-01T00:00:00+01:00', 2],
      ['2026-10-01T00:00:00+02:00', 2],
      ['2026-11-01T00:00:00+01:00', 1],
    ])
  })
})

describe('hours of the day and days of the week', () => {
  // 2 November 2026 is a Monday.
  const store = storeOf(
    passages([
      { at: '2026-11-02T07:05', in: 2 },
      { at: '2026-11-03T07:59', in: 1, out: 4 },
      { at: '2026-11-07T07:00', in: 8 },
      { at: '2026-11-08T23:59', out: 16 },
      { at: '2026-12-07T07:00', in: 32 },
    ]),
  )
  const cases: { title: string; change: Partial<ZonedQuestion>; want: string[] }[] = [
    { title: 'are put together over all of the time', change: { by: ['hour-of-day'] }, want: ['11-01T00:00 07 15', '11-01T00:00 23 16'] },
    { title: 'come in order, Monday first', change: { by: ['day-of-week'] }, want: ['11-01T00:00 1 2', '11-01T00:00 2 5', '11-01T00:00 6 8', '11-01T00:00 7 16'] },
    { title: 'cross each other and dimensions', change: { by: ['day-of-week', 'direction', 'hour-of-day'] }, want: ['11-01T00:00 1 in 07 2', '11-01T00:00 2 in 07 1', '11-01T00:00 2 out 07 4', '11-01T00:00 6 in 07 8', '11-01T00:00 7 out 23 16'] },
    { title: 'are told by month', change: { by: ['hour-of-day'], every: '1M', to: '2027-01-01' }, want: ['11-01T00:00 07 15', '11-01T00:00 23 16', '12-01T00:00 07 32'] },
    { title: 'are told by day', change: { by: ['hour-of-day'], every: '1d', to: '2026-11-04' }, want: ['11-02T00:00 07 2', '11-03T00:00 07 5'] },
    { title: 'are a filter: weekdays', change: { where: { 'day-of-week': ['1', '2', '3', '4', '5'] } }, want: ['11-01T00:00 7'] },
    { title: 'are a filter: mornings by week', change: { every: '1w', where: { 'hour-of-day': ['7', '08'] } }, want: ['11-02T00:00 15'] },
    { title: 'are a filter of short steps', change: { every: '30m', where: { 'hour-of-day': ['07'], 'day-of-week': ['2'] } }, want: ['11-03T07:30 5'] },
    { title: 'are a filter of days', change: { every: '1d', where: { 'hour-of-day': ['23'] } }, want: ['11-08T00:00 16'] },
    { title: 'are all by themselves where nothing else is said', change: { every: undefined, by: ['day-of-week'], where: { direction: ['in'] } }, want: ['11-01T00:00 1 2', '11-01T00:00 2 1', '11-01T00:00 6 8'] },
  ] // biome-ignore format: a table
  for (const { title, change, want } of cases) {
    test(title, async () => expect(told(await asker(await store)(change))).toEqual(want))
  }

  test('of a day in which an hour comes twice, the hour has both', async () => {
    const from = parseMoment('2026-10-25', 'Europe/Berlin')
    const store = await storeOf(
      Array.from({ length: 25 }, (_, i) => passage({ at: from + i * hourMs + 5 * minuteMs })),
    )
    const answer = await asker(store)({ from: '2026-10-25', to: '2026-10-26', by: ['hour-of-day'], zone: 'Europe/Berlin', fill: 'zero' }) // biome-ignore format: one line
    expect(answer.rows.map(({ values, count }) => `${values} ${count}`)).toEqual(
      Array.from({ length: 24 }, (_, i) => `${String(i).padStart(2, '0')} ${i === 2 ? 2 : 1}`),
    )
    const spring = await asker(store)({ from: '2026-03-29', to: '2026-03-30', by: ['hour-of-day'], zone: 'Europe/Berlin', fill: 'zero' }) // biome-ignore format: one line
    expect(spring.rows).toHaveLength(23)
    expect(spring.rows.some(({ values }) => values[0] === '02')).toBe(false)
  })
})

describe('measures', () => {
  test('net takes those who went from those who came', async () => {
    const store = await storeOf(
      passages([
        { at: '2026-11-02T07:05', in: 2, out: 5 },
        { at: '2026-11-03T07:05', in: 3, out: 3 },
        { at: '2026-11-04T07:05', in: 9, data: { result: 'denied' } },
      ]),
    )
    const answer = await asker(store)({ measure: 'net', every: '1d', by: ['building'] })
    expect(told(answer)).toEqual(['11-02T00:00 north b01 -3', '11-03T00:00 north b01 0'])
    expect(answer.total).toBe(-3)
  })

  test('doors are what they reported, and the seconds that they stood open are told once they close', async () => {
    const door = (state: DataOf<'door'>['state'], openMs?: number): EventRecord => ({
      ...passage({ at: parseMoment('2026-11-02T07:05', zone) }),
      kind: 'door',
      data: { state, ...(openMs === undefined ? {} : { openMs }) },
    })
    const store = await storeOf([
      door('open'),
      door('held', 60_000),
      door('closed', 90_500),
      door('closed', 0),
    ])
    const ask = asker(store)
    expect(told(await ask({ measure: 'doors', by: ['state'] }))).toEqual(['11-01T00:00 closed 2', '11-01T00:00 held 1', '11-01T00:00 open 1']) // biome-ignore format: one line
    expect(await ask({ measure: 'door-open' })).toMatchObject({ unit: 's', total: 90.5 })
  })
})

describe('filters', () => {
  const store = storeOf(
    passages([
      { at: '2026-11-02T07:05', in: 1, door: 1 },
      { at: '2026-11-02T07:05', in: 2, out: 4, door: 2, data: { method: 'face' } },
      { at: '2026-11-02T07:05', in: 8, door: 6 },
    ]),
    door => `b0${door}`,
  )
  const cases: { where: Record<string, string[]>; want: number }[] = [
    { where: { building: ['b01', 'b02'] }, want: 7 },
    { where: { building: ['b01', 'b02'], method: ['face'] }, want: 6 },
    { where: { site: ['south'], building: ['b01'] }, want: 0 },
    { where: { device: ['d6', "d'; drop table passage --"] }, want: 8 },
    { where: { result: ['denied'] }, want: 0 },
    { where: { holder: [''] }, want: 0 },
  ]
  for (const { where, want } of cases) {
    test(`${JSON.stringify(where)} leaves ${want}`, async () => {
      const answer = await asker(await store)({ where })
      expect(answer.total).toBe(want)
      expect(answer.where).toEqual(where)
    })
  }

  test('of who asks cannot be widened', async () => {
    const ask = asker(await store, { sites: ['north', 'east'] })
    expect((await ask({})).total).toBe(7)
    expect((await ask({ where: { site: ['north'] } })).total).toBe(7)
    expect((await ask({ where: { building: ['b06'] } })).total).toBe(0)
    await expect(ask({ where: { site: ['north', 'south'] } })).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
    })
    expect((await asker(await store, { sites: [] })({})).total).toBe(0)
  })
})

describe('filling', () => {
  test('has a row for each step and each group that occurs', async () => {
    const store = await storeOf(passages([{ at: '2026-11-01T07:05', in: 1 }, { at: '2026-11-03T07:05', out: 2 }])) // biome-ignore format: one line
    const ask = asker(store)
    const range = { from: '2026-11-01T12:00', to: '2026-11-04', every: '1d', fill: 'zero' }
    expect(told(await ask(range))).toEqual(['11-01T00:00 0', '11-02T00:00 0', '11-03T00:00 2'])
    expect(told(await ask({ ...range, from: '2026-11-01', by: ['direction'] }))).toEqual([
      '11-01T00:00 in 1',
      '11-01T00:00 out 0',
      '11-02T00:00 in 0',
      '11-02T00:00 out 0',
      '11-03T00:00 in 0',
      '11-03T00:00 out 2',
    ])
    expect(told(await ask({ ...range, by: ['direction'], to: '2026-11-02' }))).toEqual([])
    expect(told(await ask({ ...range, where: { 'day-of-week': ['1'] } }))).toEqual(['11-02T00:00 0'])
  })

  test('is refused where it has more rows than anybody could use', async () => {
    const records = Array.from({ length: 200 }, (_, i) => passage({ at: parseMoment('2026-11-02', zone), place: place(i) })) // biome-ignore format: one line
    const answer = asker(await storeOf(records))({
      from: '2025-01-01',
      every: '1h',
      by: ['device'],
      fill: 'zero',
    })
    await expect(answer).rejects.toMatchObject({ code: 'FLOW_QUERY_TOO_WIDE' })
  })
})

describe('comparing', () => {
  const store = storeOf(
    passages([
      { at: '2026-11-02T07:05', in: 4 },
      { at: '2026-10-02T07:05', in: 3 },
      { at: '2026-10-31T07:05', in: 5 },
      { at: '2026-10-26T07:05', out: 7 },
      { at: '2025-11-02T07:05', in: 1 },
    ]),
  )
  const ask = async (change: Partial<ZonedQuestion>) => {
    const { rows, before } = await asker(await store)(change)
    return {
      rows: rows.map(({ start, values, count, before }) => [start.slice(5, 10), ...values, count, before].join(' ')), // biome-ignore format: one line
      before: `${before!.from.slice(0, 10)} ${before!.to.slice(0, 10)} ${before!.total}`,
    }
  }

  test('with the month before holds the nth day against the nth, and the total against all 31', async () => {
    expect(await ask({ every: '1d', compare: 'previous' })).toEqual({
      rows: ['11-02 4 3', '11-26 0 7'],
      before: '2026-10-01 2026-11-01 15',
    })
  })

  test('with a shorter month before has nothing to hold the last days against', async () => {
    const { rows } = await ask({ from: '2026-10-01', to: '2026-11-01', every: '1d', compare: 'previous', fill: 'zero' }) // biome-ignore format: one line
    expect(rows[29]).toBe('10-30 0 0')
    expect(rows[30]).toBe('10-31 5 ')
  })

  const cases: { title: string; change: Partial<ZonedQuestion>; rows: string[]; before: string }[] = [
    { title: 'a week earlier', change: { compare: '1w', from: '2026-11-02', to: '2026-11-09', every: '1d', by: ['direction'] }, rows: ['11-02 in 4 0', '11-02 out 0 7', '11-07 in 0 5'], before: '2026-10-26 2026-11-02 12' },
    { title: 'a year earlier', change: { compare: '1y', every: '1M' }, rows: ['11-01 4 1'], before: '2025-11-01 2025-12-01 1' },
    { title: 'the day before', change: { compare: '1d', from: '2026-11-01', to: '2026-11-02', every: '6h' }, rows: ['11-01 0 5'], before: '2026-10-31 2026-11-01 5' },
    { title: 'slot by slot', change: { compare: '1M', by: ['day-of-week'] }, rows: ['11-01 1 4 7', '11-01 5 0 3', '11-01 6 0 5'], before: '2026-10-01 2026-11-01 15' },
    { title: 'a fortnight and the one before', change: { from: '2026-11-02', to: '2026-11-16', compare: 'previous' }, rows: ['11-02 4 12'], before: '2026-10-19 2026-11-02 12' },
  ] // biome-ignore format: a table
  for (const { title, change, ...want } of cases) {
    test(`goes with ${title}`, async () => expect(await ask(change)).toEqual(want))
  }
})

describe('ranking and shares', () => {
  const store = storeOf(
    passages([1, 2, 3, 4, 5].map(door => ({ at: `2026-11-0${door}T07:05`, in: 2 ** door, door }))),
    door => `b0${door}`,
  )

  test('keep the groups with the most, and say what the others come to', async () => {
    const answer = await asker(await store)({ by: ['building'], top: 2, share: true, fill: 'zero', every: '1w' })
    expect(answer.rows.map(({ start, values, count, share }) => [start.slice(5, 10), values[1], count, share])).toEqual([
      ['10-26', 'b04', 0, 0],
      ['10-26', 'b05', 0, 0],
      ['11-02', 'b04', 16, 16 / 60],
      ['11-02', 'b05', 32, 32 / 60],
      ['11-09', 'b04', 0, null],
      ['11-09', 'b05', 0, null],
      ['11-16', 'b04', 0, null],
      ['11-16', 'b05', 0, null],
      ['11-23', 'b04', 0, null],
      ['11-23', 'b05', 0, null],
      ['11-30', 'b04', 0, null],
      ['11-30', 'b05', 0, null],
    ])
    expect(answer).toMatchObject({ total: 62, others: { groups: 3, count: 14 } })
  }) // biome-ignore format: a table

  test('rank buildings, not their hours, unless hours are all that is asked by', async () => {
    const ask = asker(await store)
    const both = await ask({ by: ['hour-of-day', 'building'], top: 1 })
    expect(told(both)).toEqual(['11-01T00:00 07 north b05 32'])
    expect(both.others).toEqual({ groups: 4, count: 30 })
    expect(told(await ask({ by: ['day-of-week'], top: 1 }))).toEqual(['11-01T00:00 4 32'])
    expect((await ask({ by: ['building'], top: 9 })).others).toBeUndefined()
  })
})

test('late and repeated data never make two answers differ once they are in', async () => {
  const records = passages(
    Array.from({ length: 40 }, (_, i) => ({ at: `2026-11-${String(1 + (i % 28)).padStart(2, '0')}T08:00`, in: 1 + (i % 3), out: i % 2 })), // biome-ignore format: one line
  )
  const inOrder = await storeOf(records.toSorted((a, b) => a.at - b.at))
  const shuffled = createMemoryStore()
  const rows = records.map((record, i) => {
    const late = i % 3 === 0
    return row(i + 1, { ...record, late, receivedAt: record.at + (late ? 9 * dayMs : 50) }, place(1, { site: 'north' })) // biome-ignore format: one line
  })
  for (let from = 0; from < rows.length; from += 7) {
    // Each batch is written twice, and once more with the half of the next.
    for (const length of [7, 7, 10])
      await shuffled.write({ journal: 'j', rows: rows.slice(from, from + length), next: Math.min(from + length, rows.length) }) // biome-ignore format: one line
  }
  for (const change of [{ every: '1d' }, { by: ['hour-of-day'] }, { every: '1w', compare: '1w', share: true }, { measure: 'net', every: '1h', fill: 'zero' }]) // biome-ignore format: a table
    expect(await asker(shuffled)(change)).toEqual(await asker(inOrder)(change))
})
