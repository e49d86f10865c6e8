import { describe, expect, test } from 'vitest'
import { noCalendar } from '../../alerts/calendar/calendar.ts'
import { createSlots } from '../../alerts/calendar/day.ts'
import { parseRules } from '../../alerts/rules/rule-settings.ts'
import { createFlowDetector } from '../../alerts/unusual/detector/detector.ts'
import type { FlowState } from '../../alerts/unusual/detector/state.ts'
import { learnedBudget } from '../../alerts/unusual/judge.ts'
import { demoRules, planDemoIncidents, planDemoTown } from '../../cli/demo/town.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { timedEventsOf } from '../../devices/town/events.ts'
import { isWithin } from '../../devices/town/incidents.ts'
import { localMinute } from '../../devices/town/local-time.ts'
import { demoFlow } from '../../ingest/demo/faults.ts'

const stepMin = demoFlow.flowStepMin
const stepMs = stepMin * minuteMs
const zone = 'Asia/Shanghai'
const town = planDemoTown(zone)
const { seed, mood } = town
const deviceOf = (name: string) => town.devices.find(({ device }) => device === `nanshe-${name}`)!

const sunday = Date.parse('2026-11-22T00:02:00+08:00')
const passages = new Map<string, readonly { at: number; direction: string }[]>()

/** Who was let in or out somewhere. */
function passagesOf(name: string, from: number, to: number) {
  const all = passages.get(name) ?? [...timedEventsOf(deviceOf(name), sunday - 29 * dayMs, sunday + 7 * dayMs, seed, mood)]
    .flatMap(({ at, event }) => event.type === 'passage' && event.data.result === 'granted' ? [{ at, direction: event.data.direction }] : [])
  passages.set(name, all)
  return all.filter(({ at }) => at >= from && at < to)
} // biome-ignore format: long lines

/** What is found in the next counts of a place with that history. */
function judge(name: string, now: number, counts: readonly number[]) {
  const history = new Map<number, number>()
  for (const { at, direction } of passagesOf(name, now - 28 * dayMs, now)) {
    if (direction !== 'in') continue
    const bin = Math.floor(at / stepMs) * stepMs
    history.set(bin, (history.get(bin) ?? 0) + 1)
  }
  const detector = createFlowDetector({ stepMin, budgetPerWeek: learnedBudget })
  const slotAt = createSlots(zone, noCalendar)
  // The last is under way.
  const next = Math.floor(now / stepMs) * stepMs + stepMs
  let state: FlowState | undefined
  for (let at = Math.min(...history.keys()); at < next - stepMs; at += stepMs)
    state = detector.next(state, { at, count: history.get(at) ?? 0 }, slotAt(at)).state
  const point = demoRules.sites.nanshe.points
  const high = point['canteen/d01']['flow-high'].budgetPerWeek
  const low = point['market/d01']['flow-low'].budgetPerWeek
  const inForce = createFlowDetector({ stepMin, budgetPerWeek: { high, low } })
  state = inForce.retune(state!)
  return counts.flatMap((count, index) => {
    const at = next + index * stepMs
    const judged = inForce.next(state, { at, count }, slotAt(at))
    state = judged.state
    return judged.findings.map(({ rule }) => ({ rule, bins: index + 1 }))
  })
}

test('its rules are rules of the service', () => {
  expect(() => parseRules(demoRules)).not.toThrow()
})

const hours = [3, 18.5, 32, 36.2, 54.5, 167]
test.each(hours)(
  'a rush is told by the first count, and an empty market within an hour, of a demo that begins %d hours into a week',
  hour => {
    const now = sunday + hour * hourMs
    const incidents = planDemoIncidents(town, now)
    const rush = incidents.events.filter(
      ({ at, device, event }) =>
        device === 'nanshe-canteen' &&
        event.type === 'passage' &&
        event.data.direction === 'in' &&
        at > now + minuteMs,
    )
    expect(judge('canteen', now, [rush.length])[0]).toEqual({ rule: 'flow-high', bins: 1 })
    const bins = 10
    const [empty] = judge('market', now, Array(bins).fill(0))
    expect(empty).toMatchObject({ rule: 'flow-low' })
    const { minute } = localMinute(now, zone)
    if (minute > 7.5 * 60 && minute < 19 * 60) expect(empty!.bins).toBeLessThanOrEqual(4)
    expect(isWithin(incidents.dead, 'nanshe-market', now + 5 * minuteMs + bins * stepMs)).toBe(true)
  },
)

describe('the town of the demo, whenever it is started', () => {
  const starts = [2, 8.25, 13, 23.5].map(hour => sunday + 5 * dayMs + hour * hourMs)
  const inAll = (now: number, days: number) =>
    town.devices
      .filter(({ kind, site }) => kind === 'terminal' && site === 'nanshe')
      .flatMap(({ device }) => passagesOf(device.replace('nanshe-', ''), now - days * dayMs, now))
  const hourOf = (at: number) => Math.floor(localMinute(at, zone).minute / 60)

  test.each(starts)('has its peaks at eight and at eighteen (%d)', now => {
    const weekdays = inAll(now, 28).filter(({ at }) => ![0, 6].includes(localMinute(at, zone).weekday))
    const perHour = Array.from(
      { length: 24 },
      (_, hour) => weekdays.filter(({ at }) => hourOf(at) === hour).length,
    )
    const most = (from: number, to: number) => {
      const part = perHour.slice(from, to)
      return from + part.indexOf(Math.max(...part))
    }
    expect([most(0, 11), most(15, 24)]).toEqual([8, 18])
    expect(Math.max(...perHour.slice(1, 5))).toBeLessThan(perHour[8]! / 5)
  })

  test.each(starts)('lets as many out as in (%d)', now => {
    const midnight = now - localMinute(now, zone).minute * minuteMs
    const all = inAll(midnight, 28)
    const net = all.reduce((sum, { direction }) => sum + (direction === 'in' ? 1 : -1), 0)
    expect(Math.abs(net)).toBeLessThan(all.length / 100)
    for (const name of ['market', 'canteen']) {
      const passages = passagesOf(name, midnight - 28 * dayMs, midnight)
      const left = passages.reduce((sum, { direction }) => sum + (direction === 'in' ? 1 : -1), 0)
      expect(Math.abs(left)).toBeLessThan(40)
    }
  })

  test('is quiet in the canteen by night, and never in the market', () => {
    const perHour = (name: string) =>
      Array.from(
        { length: 24 },
        (_, hour) =>
          passagesOf(name, starts[0]! - 28 * dayMs, starts[0]!).filter(({ at }) => hourOf(at) === hour)
            .length,
      )
    expect(
      perHour('canteen')
        .slice(0, 5)
        .every(count => count < 10),
    ).toBe(true)
    expect(Math.min(...perHour('market'))).toBeGreaterThan(28 * 20)
  })
})
