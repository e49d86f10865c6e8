import { describe, expect, test } from 'vitest'
import { formats } from '../../cli/flow/formats.ts'
import { sentencesFor } from '../../cli/flow/language.ts'
import { plotAnswer } from '../../cli/flow/plot.ts'
import { hourMs } from '../../core/clock.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { tableOfFlow } from '../../flow/export/export-flow.ts'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import type { FlowScope } from '../../flow/scope.ts'
import { parseMoment } from '../../flow/zone.ts'
import { createMemoryStore } from '../../ingest/store/memory-store.ts'
import { place, row } from '../ingest/store-batch.ts'
import { passage } from '../support/records.ts'

const zone = 'Asia/Shanghai'
const at = parseMoment('2026-11-02T07:05', zone)

/** Two estates whose buildings, doors and lanes have the same names; how many passed in and out there. */
const doors = [
  { site: 'elm', building: '1栋', point: '正门', in: 40, out: 10 },
  { site: 'elm', building: '1栋', point: '后门', in: 30, out: 20 },
  { site: 'elm', building: '2栋', point: '正门', in: 25, out: 15 },
  { site: 'oak', building: '1栋', point: '正门', in: 50, out: 70 },
  { site: 'oak', building: '2栋', point: '正门', in: 20, out: 20 },
]
const gates = [
  { site: 'road', building: 'g1', point: 'l1', lane: 1, cars: 5 },
  { site: 'road', building: 'g2', point: 'l1', lane: 1, cars: 7 },
]

async function storeOf() {
  const records: [EventRecord, number][] = []
  for (const [n, door] of doors.entries())
    for (const direction of ['in', 'out'] as const)
      for (let i = 0; i < door[direction]; i++)
        records.push([passage({ at: at + i, data: { direction } }), n])
  for (const [n, { lane, cars }] of gates.entries())
    for (let i = 0; i < cars; i++)
      records.push([
        { ...passage({ at: at + i }), kind: 'vehicle', data: { class: 'car', direction: 'in', lane } },
        doors.length + n,
      ])
  const placeAt = (n: number) => {
    const { site, building, point } = [...doors, ...gates][n]!
    return place(n + 1, { site, building, point })
  }
  const store = createMemoryStore()
  const rows = records.map(([record, n], i) => row(i + 1, record, placeAt(n)))
  await store.write({ journal: 'j', rows, next: rows.length })
  return store
}
const store = storeOf()

const ask = async (change: Partial<ZonedQuestion>, scope: FlowScope = {}) =>
  answerFlow(
    { measure: 'passages', from: '2026-11-02', to: '2026-11-03', every: 'all', by: [], zone, ...change },
    await store,
    scope,
  )
const told = async (change: Partial<ZonedQuestion>, scope?: FlowScope) =>
  (await ask(change, scope)).rows.map(({ values, count }) => [...values, count].join(' '))

const analyst: FlowScope = {
  smallNumbers: {
    k: 10,
    zone,
    now: at + 48 * hourMs,
    places: doors.map(({ site, building }) => ({ site, building, kind: 'terminal' })),
  },
}

describe('places of the same name are not added up', () => {
  const ofBuildings = ['elm 1栋 100', 'elm 2栋 40', 'oak 1栋 120', 'oak 2栋 40']
  const cases: { title: string; question: Partial<ZonedQuestion>; want: string[] }[] = [
    { title: 'by building', question: { by: ['building'] }, want: ofBuildings },
    { title: 'by building, asked with the site behind it', question: { by: ['building', 'site'] }, want: ['1栋 elm 100', '1栋 oak 120', '2栋 elm 40', '2栋 oak 40'] },
    { title: 'by point', question: { by: ['point'], where: { direction: ['in'] } }, want: ['elm 1栋 后门 30', 'elm 1栋 正门 40', 'elm 2栋 正门 25', 'oak 1栋 正门 50', 'oak 2栋 正门 20'] },
    { title: 'by lane', question: { measure: 'vehicles', by: ['lane'] }, want: ['road g1 l1 1 5', 'road g2 l1 1 7'] },
    { title: 'in a net flow', question: { measure: 'net', by: ['building'] }, want: ['elm 1栋 40', 'elm 2栋 10', 'oak 1栋 -20', 'oak 2栋 0'] },
    { title: 'among those with the most', question: { by: ['building'], top: 1 }, want: ['oak 1栋 120'] },
    { title: 'by hour of day', question: { by: ['building', 'hour-of-day'], where: { building: ['1栋'] } }, want: ['elm 1栋 07 100', 'oak 1栋 07 120'] },
    { title: 'in a filter by building', question: { where: { building: ['1栋'] } }, want: ['elm 100', 'oak 120'] },
    { title: 'in a filter by point', question: { where: { point: ['后门', '正门'], site: ['elm'] } }, want: ['elm 1栋 100', 'elm 2栋 40'] },
    { title: 'in a filter by lane', question: { measure: 'vehicles', where: { lane: ['1'] } }, want: ['road g1 l1 5', 'road g2 l1 7'] },
    { title: 'in a filter by building at several sites', question: { where: { building: ['2栋'], site: ['elm', 'oak'] }, by: ['direction'] }, want: ['elm in 25', 'elm out 15', 'oak in 20', 'oak out 20'] },
  ] // biome-ignore format: a table
  for (const { title, question, want } of cases)
    test(title, async () => expect((await told(question)).sort()).toEqual([...want].sort()))

  test('for analysts', async () => {
    expect(await told({ by: ['building'] }, analyst)).toEqual(ofBuildings)
    expect(await told({ where: { building: ['1栋'] } }, analyst)).toEqual(['elm 100', 'oak 120'])
    expect(await told({ measure: 'net', by: ['building'], where: { building: ['1栋'] } }, analyst)).toEqual(['elm 1栋 40', 'oak 1栋 -20']) // biome-ignore format: one line
  })

  test('in what a step is held against, and in its parts', async () => {
    const question = { by: ['building'], every: '1d', share: true, compare: '1d', from: '2026-11-03', to: '2026-11-04' } // biome-ignore format: one line
    const { rows } = await ask({ ...question, fill: 'zero' })
    expect(rows.map(({ values, count, before }) => [...values, count, before].join(' '))).toEqual([
      'elm 1栋 0 100',
      'elm 2栋 0 40',
      'oak 1栋 0 120',
      'oak 2栋 0 40',
    ])
    const { rows: shares } = await ask({ by: ['building'], share: true })
    expect(shares.map(({ share }) => share)).toEqual([100 / 300, 40 / 300, 120 / 300, 40 / 300])
  })

  test('in files, plots and the names of the answer', async () => {
    const answer = await ask({ by: ['building'] })
    const say = sentencesFor({})
    expect(answer.by).toEqual(['site', 'building'])
    expect(formats.csv!(answer, say).split('\r\n')[0]).toBe('start,site,building,passages')
    expect(tableOfFlow(answer).columns.map(({ name }) => name)).toEqual(['start', 'site', 'building', 'passages']) // biome-ignore format: one line
    expect(plotAnswer(answer, say, { columns: 60, colours: false })).toMatch(
      /^elm 1栋 .*\nelm 2栋 .*\noak 1栋 /,
    )
  })
})

describe('a name that says which place it is needs no other', () => {
  const cases: { question: Partial<ZonedQuestion>; want: string[] }[] = [
    { question: { where: { site: ['oak'], building: ['1栋'] } }, want: ['120'] },
    { question: { where: { site: ['elm'], building: ['1栋'], point: ['正门'] } }, want: ['50'] },
    { question: { where: { device: ['d1'] } }, want: ['50'] },
    { question: { by: ['site'] }, want: ['elm 140', 'oak 160'] },
  ]
  for (const { question, want } of cases)
    test(JSON.stringify(question), async () => expect(await told(question)).toEqual(want))
})

test('hours are ranked by themselves also where a filter has them told by site', async () => {
  const { rows, others } = await ask({ by: ['hour-of-day'], where: { building: ['1栋'] }, top: 1 })
  expect(rows.map(({ values }) => values)).toEqual([['oak', '07']])
  expect(others).toEqual({ groups: 1, count: 100 })
})
