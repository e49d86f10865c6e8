import { expect, test } from 'vitest'
import { demoRules } from '../../cli/demo/demo.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { type Crowd, crowdEvents } from '../../devices/town/crowds.ts'
import { planIncidents } from '../../devices/town/incidents.ts'
import { demoFlow } from '../../ingest/demo/faults.ts'
import { noCalendar } from '../../ingest/detect/calendar/calendar.ts'
import { createSlots } from '../../ingest/detect/calendar/day.ts'
import { createFlowDetector } from '../../ingest/detect/flow/detector.ts'
import type { FlowState } from '../../ingest/detect/flow/state.ts'
import { learnedBudget } from '../../ingest/watch/flow/judge.ts'

const stepMin = demoFlow.flowStepMin
const stepMs = stepMin * minuteMs
const zone = 'Asia/Shanghai'
const crowdsAt = (now: number) => {
  const fullAt = now + 10 * minuteMs
  return [
    { device: 'market', perMinute: 9, fullAt },
    { device: 'canteen', perMinute: 3, fullAt },
  ] as const
}
const places = { doors: [], blackout: [], lane: 'lane', market: 'market', canteen: 'canteen', everyday: [] }
const rush = planIncidents(places, 0, stepMs).events.filter(
  ({ at, device }) => at >= stepMs && device === 'canteen',
)

/** What a place with that history is told of when a bin of so many comes next. */
function judge(times: readonly number[], now: number, count: number) {
  const counts = new Map<number, number>()
  for (const time of times) {
    const bin = Math.floor(time / stepMs) * stepMs
    counts.set(bin, (counts.get(bin) ?? 0) + 1)
  }
  const detector = createFlowDetector({ stepMin, budgetPerWeek: learnedBudget })
  const slotAt = createSlots(zone, noCalendar)
  const first = Math.min(...counts.keys())
  // The last is under way.
  const next = Math.floor(now / stepMs) * stepMs + stepMs
  let state: FlowState | undefined
  for (let at = first; at < next - stepMs; at += stepMs)
    state = detector.next(state, { at, count: counts.get(at) ?? 0 }, slotAt(at)).state
  const high = demoRules.rules['flow-high'].budgetPerWeek
  const inForce = createFlowDetector({ stepMin, budgetPerWeek: { ...learnedBudget, high } })
  return inForce.next(inForce.retune(state!), { at: next, count }, slotAt(next)).findings
}

const sunday = Date.parse('2026-11-22T00:02:00+08:00')
const hours = [3, 8, 18.5, 32, 43, 54.5, 167]
test.each(hours)(
  'a rush, and nobody at the market, are told by the first count of a demo that begins %d hours into a week',
  hour => {
    const now = sunday + hour * hourMs
    const timesOf = (crowd: Crowd) => [...crowdEvents(crowd, now - 28 * dayMs, now, 1)].map(({ at }) => at)
    const [market, canteen] = crowdsAt(now)
    expect(judge(timesOf(market), now, 0)).toMatchObject([{ rule: 'flow-low' }])
    expect(judge(timesOf(canteen), now, rush.length)).toMatchObject([{ rule: 'flow-high' }])
  },
)
