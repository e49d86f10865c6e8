import { expect, test } from 'vitest'
import { createAlerts } from '../../../alerts/book/book.ts'
import { createPictureHolder } from '../../../alerts/book/hold-pictures.ts'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { hourMs, minuteMs, secondMs } from '../../../core/clock.ts'
import { createMemoryState } from '../../../core/state/memory-state.ts'
import { createHolds } from '../../../gateway/snapshots/holds.ts'

const start = Date.UTC(2026, 10, 21, 3)
const place = { site: 'nanshe', building: 'b01', point: 'd01' }

function setUp() {
  const state = createMemoryState()
  const alerts = createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30 })
  const holds = createHolds(state)
  const pictures = [{ device: 'd1', event: 'before', at: start - 30 * secondMs }]
  const time = { now: start }
  const holder = createPictureHolder({
    state,
    alerts,
    holds,
    find: (where, from, to, limit) =>
      where.point === place.point ? pictures.filter(({ at }) => at >= from && at < to).slice(0, limit) : [],
    clock: () => time.now,
    onFault: error => {
      throw error
    },
  })
  const record = (kind: Finding['kind'], at = start) =>
    state.transact(() =>
      alerts.record(
        [{ rule: 'tamper', kind, severity: 'warning', place, cause: `case@${at}`, occurredAt: at, receivedAt: at, parts: { part: 'case' } }],
        at,
      ),
    ) // biome-ignore format: a finding
  const held = () => pictures.filter(picture => holds.isHeld(picture, time.now)).map(({ event }) => event)
  return { alerts, holds, pictures, holder, record, held, time }
}

test('pictures around an alert are held while it is open, those that come to rest later too', async () => {
  const { alerts, pictures, holder, record, held, time } = setUp()
  await record('raised')
  await holder.look()
  expect(held()).toEqual(['before'])
  pictures.push(
    { device: 'd1', event: 'during', at: start + 5 * secondMs },
    { device: 'd1', event: 'long after', at: start + 2 * minuteMs },
  )
  time.now += 20 * secondMs
  await holder.look()
  expect(held()).toEqual(['before', 'during'])
  await alerts.act(alerts.list({ limit: 1 }).alerts[0]!.id, { do: 'acknowledge' }, 'li', time.now)
  time.now += hourMs
  await holder.look()
  expect(held()).toEqual(['before', 'during'])
  await record('cleared')
  await holder.look()
  expect(held()).toEqual([])
})

test('what somebody holds for a reason of their own stays held', async () => {
  const { holds, pictures, holder, record, held, time } = setUp()
  const [picture] = pictures
  await record('raised')
  await holds.hold(picture!, { at: start, until: start + hourMs, reason: 'police file 7' })
  await holder.look()
  await record('cleared')
  await holder.look()
  expect(held()).toEqual(['before'])
  time.now = start + 2 * hourMs
  expect(held()).toEqual([])
})

test('of one alert no more than twenty are held', async () => {
  const { pictures, holder, record, held } = setUp()
  for (let i = 0; i < 50; i++) pictures.push({ device: 'd1', event: `p${i}`, at: start + i })
  await record('raised')
  await holder.look()
  await holder.look()
  expect(held()).toHaveLength(20)
})

test('what comes again long after it was raised has its pictures held anew, those of now too', async () => {
  const { pictures, holder, record, held, time } = setUp()
  await record('raised')
  await record('cleared')
  await holder.look()
  expect(held()).toEqual([])
  const again = start + 9 * minuteMs
  await record('raised', again)
  pictures.push({ device: 'd1', event: 'again', at: again + secondMs })
  time.now = start + 20 * minuteMs
  await holder.look()
  expect(held()).toEqual(['before', 'again'])
})
