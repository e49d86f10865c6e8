import { describe, expect, test } from 'vitest'
import { dayMs, hourMs } from '../../core/clock.ts'
import { tableOfFlow } from '../../flow/export/export-flow.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import type { FlowScope } from '../../flow/scope.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { passage } from '../support/records.ts'

const zone = 'Asia/Shanghai'
const monday = parseMoment('2026-11-02', zone)
/** 40 at eight on each working day of two weeks, 10 at ten on each day of their ends; and 4 on the Monday that goes on. */
const store = (async () => {
  const times = Array.from({ length: 15 }, (_, day) => {
    const isWorking = day % 7 < 5
    const count = day === 14 ? 4 : isWorking ? 40 : 10
    return Array.from({ length: count }, (_, i) => monday + day * dayMs + (isWorking ? 8 : 10) * hourMs + i)
  }).flat()
  const made = createMemoryStore()
  const rows = times.map((at, i) => row(i + 1, passage({ at }), place(1, { site: 'elm', building: 'a' })))
  await made.write({ journal: 'j', rows, next: rows.length })
  return made
})()
const now = monday + 14 * dayMs + 12 * hourMs

const ask = async (change: Partial<ZonedQuestion>, scope: FlowScope = { now }) =>
  answerFlow(
    {
      measure: 'passages',
      from: '2026-11-02',
      to: '2026-11-17',
      every: 'all',
      by: [],
      zone,
      mean: true,
      ...change,
    },
    await store,
    scope,
  )

describe('a mean', () => {
  const workdays = ['1', '2', '3', '4', '5']
  const cases: { title: string; change: Partial<ZonedQuestion>; want: unknown[][] }[] = [
    { title: 'is of the days that are over', change: {}, want: [[440 / 14]] },
    { title: 'of working days', change: { where: { 'day-of-week': workdays } }, want: [[40]] },
    { title: 'of Sundays', change: { where: { 'day-of-week': ['7'] } }, want: [[10]] },
    { title: 'of each weekday is of its own days', change: { by: ['day-of-week'] }, want: [['1', 40], ['2', 40], ['3', 40], ['4', 40], ['5', 40], ['6', 10], ['7', 10]] },
    { title: 'of an hour is of all days that are asked for', change: { by: ['hour-of-day'], where: { 'day-of-week': workdays } }, want: [['08', 40]] },
    { title: 'of weeks is of the days of each', change: { every: '1w' }, want: [[220 / 7], [220 / 7]] },
    { title: 'of nothing is 0', change: { every: '1w', fill: 'zero', where: { holder: ['staff'] } }, want: [[0], [0]] },
  ] // biome-ignore format: a table
  for (const { title, change, want } of cases)
    test(title, async () => {
      const { rows } = await ask(change)
      expect(rows.map(({ values, mean }) => [...values, mean])).toEqual(want)
    })

  test('ends the answer with the last day that is over', async () => {
    const answer = await ask({})
    expect(answer).toMatchObject({ to: '2026-11-16T00:00:00+08:00', total: 440 })
    expect(tableOfFlow(answer).columns.at(-1)).toEqual({ name: 'mean', type: 'number' })
  })

  test('is as much of the number as is told', async () => {
    const smallNumbers = {
      k: 20,
      zone,
      now,
      places: [{ site: 'elm', building: 'a', kind: 'terminal' as const }],
    }
    const { rows } = await ask({ by: ['day-of-week'] }, { now, smallNumbers })
    const told = rows.map(({ values, count, mean }) => [...values, count, mean])
    expect(told).toContainEqual(['1', 80, 40])
    expect(told).toContainEqual(['6', null, null])
  })

  const wrong: { change: Partial<ZonedQuestion>; say: RegExp }[] = [
    { change: { every: '1h' }, say: /^mean is of days: it goes with steps of 1d and longer, or all$/ },
    { change: { from: '2026-11-02T08:00' }, say: /^mean is of whole days/ },
  ]
  for (const { change, say } of wrong)
    test(`is not had with ${JSON.stringify(change)}`, async () => {
      await expect(ask(change)).rejects.toMatchObject({
        code: 'FLOW_QUERY_INVALID',
        message: expect.stringMatching(say),
      })
    })
})
