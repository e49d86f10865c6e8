import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { BackfillPart } from '../../api/operations/backfill-part.ts'
import { backfillHistory } from '../../cli/demo/history.ts'
import { planDemoTown } from '../../cli/demo/town.ts'
import { dayMs, hourMs } from '../../core/clock.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import { checkEvent } from '../../devices/contract/validate.ts'
import { timedEventsOf } from '../../devices/town/events.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const now = Date.parse('2026-11-24T12:34:56Z')
const whole = planDemoTown('Asia/Shanghai')
/** Some of each site, since all of it takes seconds. */
const some = /^(nanshe-b0[12]-d01|nanshe-canteen|xinmin-b0[12]-d01|g1-l1)$/
const town = { ...whole, devices: whole.devices.filter(({ device }) => some.test(device)) }

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
  const run = (at: number) => backfillHistory(operations, data, town, at)
  return { rows, run }
}

test('the history of the demo is four weeks of what is counted at every door and lane, and a day of the rest', async () => {
  const { rows, run } = await setUp()
  expect(await run(now)).toBe(rows.length)
  expect(rows.flatMap(({ event }) => ('fault' in checkEvent(event) ? [event] : []))).toEqual([])
  const ids = new Set(rows.map(({ device, event }) => `${device}/${event.id}`))
  expect(ids.size).toBe(rows.length)
  const wanted = town.devices.flatMap(device =>
    [...timedEventsOf(device, now - 28 * dayMs, now, town.seed, town.mood)].flatMap(({ at, event }) =>
      at >= now - dayMs || event.type === 'passage' || event.type === 'vehicle'
        ? [`${device.device}/${event.id}`]
        : [],
    ),
  )
  expect(ids).toEqual(new Set(wanted))
})

test('every site has each of the four weeks, as much as any other', async () => {
  const { rows, run } = await setUp()
  await run(now)
  const siteOf = new Map(town.devices.map(({ device, site }) => [device, site]))
  const weeks = new Map<string, number[]>()
  for (const { device, event } of rows) {
    if (event.type !== 'passage' && event.type !== 'vehicle') continue
    const of = weeks.get(siteOf.get(device)!) ?? [0, 0, 0, 0]
    of[Math.floor((now - parseRfc3339(event.time)) / (7 * dayMs))]!++
    weeks.set(siteOf.get(device)!, of)
  }
  expect(weeks.size).toBe(3)
  for (const counts of weeks.values())
    for (const count of counts) expect(count / Math.max(...counts)).toBeGreaterThan(0.85)
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
