import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { BackfillPart } from '../../api/operations/backfill-part.ts'
import { backfillHistory } from '../../cli/demo/history.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { checkEvent } from '../../devices/contract/validate.ts'
import { eventsOf } from '../../devices/town/events.ts'
import { planTown } from '../../devices/town/plan.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [door, other] = planTown({
  seed: 1,
  sites: 1,
  buildingsPerSite: 1,
  doorsPerBuilding: 2,
  checkpoints: 0,
})
const now = Date.parse('2026-11-24T12:34:56Z')
const crowd = { device: 'market', perMinute: 9, fullAt: now + 10 * minuteMs }
const market = { ...door!, device: 'market' }
const history = { devices: [door!, other!, market], watched: [door!], crowds: [crowd], seed: 1 }

async function setUp() {
  const data = await temporaryDirectory()
  mkdirSync(data, { recursive: true })
  const rows: { device: string; event: { id: string; type: string; time: string } }[] = []
  const operations = {
    async backfill(part: BackfillPart) {
      expect(part.rows.length).toBeLessThanOrEqual(500)
      rows.push(...(part.rows as typeof rows))
      return { known: 0, outcomes: part.rows.map(() => 'stored' as const) }
    },
  }
  const run = (at: number) => backfillHistory(operations, data, history, at)
  const of = (device: string) => rows.filter(row => row.device === device)
  return { rows, run, of }
}

test('the history of the demo is four weeks of what is watched and a day of the rest, all of it in the contract', async () => {
  const { rows, run, of } = await setUp()
  expect(await run(now)).toBe(rows.length)
  expect(rows.flatMap(({ event }) => ('fault' in checkEvent(event) ? [event] : []))).toEqual([])
  const ids = rows.map(({ device, event }) => `${device}/${event.id}`)
  expect(new Set(ids).size).toBe(ids.length)
  const idsOf = (device: string) =>
    of(device)
      .map(({ event }) => event.id)
      .sort()
  expect(idsOf(other!.device)).toEqual([...eventsOf(other!, now - dayMs, now, 1)].map(({ id }) => id).sort())
  const passages = [...eventsOf(door!, now - 28 * dayMs, now - dayMs, 1)].filter(
    ({ type }) => type === 'passage',
  )
  const lastDay = [...eventsOf(door!, now - dayMs, now, 1)]
  expect(idsOf(door!.device)).toEqual([...passages, ...lastDay].map(({ id }) => id).sort())
})

test('its market is full about this time of every day, and of no other', async () => {
  const { run, of } = await setUp()
  await run(now)
  const ages = of('market').map(({ event }) => now - parseRfc3339(event.time))
  for (const age of ages) expect(((age + 3 * hourMs) % dayMs) / hourMs).toBeLessThan(5)
  for (let day = 1; day < 28; day++) {
    const nextFiveMinutes = ages.filter(age => age <= day * dayMs && age > day * dayMs - hourMs / 12)
    expect(nextFiveMinutes.length).toBeGreaterThan(20)
  }
})

test('a demo that is started again tells only what has happened since', async () => {
  const { rows, run } = await setUp()
  await run(now)
  rows.length = 0
  await run(now + hourMs)
  expect(rows.length).toBeGreaterThan(0)
  for (const { event } of rows) {
    expect(parseRfc3339(event.time)).toBeGreaterThanOrEqual(now)
    expect(parseRfc3339(event.time)).toBeLessThan(now + hourMs)
  }
})
