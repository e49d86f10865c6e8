import { describe, expect, test } from 'vitest'
import { type Recorded, replay } from '../../alerts/detect/replay.ts'
import { parseRules } from '../../alerts/rules/rule-settings.ts'
import { minuteMs, secondMs } from '../../core/clock.ts'
import { parseRfc3339 } from '../../core/rfc3339.ts'
import type { Place } from '../../core/words.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import { timedEventsOf } from '../../devices/town/events.ts'
import { type Incident, incidentsAt, planIncidents, scenesOf } from '../../devices/town/incidents.ts'
import { planTown } from '../../devices/town/plan.ts'

const town = planTown({ seed: 1, sites: 2, buildingsPerSite: 3, doorsPerBuilding: 4, checkpoints: 1 })
const at = (site: string) => town.flatMap(device => (device.site === site ? [device.device] : []))
const other = town.find(({ site, kind }) => site !== 'nanshe' && kind === 'terminal')!.site
const lane = town.find(({ kind }) => kind === 'checkpoint')!.device
const places = {
  doors: at('nanshe').slice(0, -1),
  blackout: at(other),
  lane,
  market: 'market',
  canteen: 'canteen',
  seen: at('nanshe').at(-1)!,
}
const startAt = Date.parse('2026-11-24T12:00:00Z')
const rushAt = startAt + 2 * minuteMs
const plan = planIncidents(places, startAt, rushAt)
const placeOf = new Map(
  [...town, { ...town[0]!, device: 'market' }, { ...town[0]!, device: 'canteen' }].map(
    (device, id): [string, Place] => [device.device, { id, ...device }],
  ),
)

function recorded(device: string, receivedAt: number, record: object): Recorded {
  const place = placeOf.get(device)!
  const common = { receivedAt, at: receivedAt, late: false, skewed: false, place }
  return { device, place, record: { ...common, ...record } as EventRecord }
}
const reported = ({ device, at, event }: Incident) => {
  const skewed = parseRfc3339(event.time) > at + 2 * minuteMs
  return recorded(device, at, { kind: event.type, data: event.data, skewed })
}
const boxes = (kind: string, count: number) =>
  Array.from({ length: count }, () => ({ kind, score: 0.7, x: 0, y: 0, width: 1, height: 1 }))
function seen({ device, at, scene }: Incident): Recorded[] {
  const isBlind = plan.blind.some(span => span.device === device)
  if (!isBlind && scene !== 'crowd' && scene !== 'bike') return []
  const shown = { crowd: boxes('person', 5), bike: boxes('motorcycle', 1), none: [] }[scene ?? 'none']
  const data = {
    outcome: 'seen',
    person: shown.length,
    motorcycle: shown.length,
    boxes: shown,
    ...(isBlind ? { dark: true } : {}),
  }
  return [recorded(device, at + secondMs, { kind: 'sighting', at, data })]
}
const status = (state: 'online' | 'offline') => ({ kind: 'status', data: { state } })

/** All that is received: everybody comes, cars pass for a while, then the incidents. */
function everything(): Recorded[] {
  const cars = Array.from({ length: 120 }, (_, i) =>
    recorded(lane, startAt - (150 - i) * secondMs, {
      kind: 'vehicle',
      data: { class: 'car', direction: 'in', lane: 1 },
    }),
  )
  return [
    ...town.map(({ device }) => recorded(device, startAt - 3 * minuteMs, status('online'))),
    ...cars,
    ...plan.events.flatMap(incident => [reported(incident), ...seen(incident)]),
    ...plan.away.flatMap(({ device, from, to }) => [
      recorded(device, from, status('offline')),
      recorded(device, to, status('online')),
    ]),
  ].sort((a, b) => a.record.receivedAt - b.record.receivedAt)
}

describe('the incidents of a town', () => {
  test('are one of everything that rules of doors, roads and devices look for, within four minutes', () => {
    const raised = [...replay(everything(), parseRules(), 10 * minuteMs)].filter(
      ({ kind }) => kind === 'raised',
    )
    expect(raised.map(({ rule }) => rule).sort()).toEqual([
      'camera-blind',
      'clock-skew',
      'denied-burst',
      'device-offline',
      'door-forced',
      'door-held',
      'ebike-indoors',
      'site-offline',
      'tailgating',
      'tamper',
      'wrong-way',
    ])
    for (const { receivedAt } of raised) expect(receivedAt).toBeLessThan(startAt + 4 * minuteMs)
  })

  test('end by themselves', () => {
    const findings = [...replay(everything(), parseRules(), 60 * minuteMs)]
    const ended = findings.filter(({ kind }) => kind === 'cleared').map(({ rule }) => rule)
    const raised = findings.filter(({ kind }) => kind === 'raised').map(({ rule }) => rule)
    // A camera is known to see again, and a clock to be right, only by what comes next.
    const lasting = ['camera-blind', 'clock-skew']
    expect(ended.sort()).toEqual(raised.filter(rule => !lasting.includes(rule)).sort())
  })

  test('hold one door each, and its everyday life stands still meanwhile', () => {
    for (const device of town) {
      const { events, isBusy } = incidentsAt(plan, device.device)
      const story = [...timedEventsOf(device, startAt, startAt + 60 * minuteMs, 1)]
      const left = story.filter(event => !isBusy(event))
      const [first] = events
      if (first === undefined) expect(left).toEqual(story)
      for (const { at, event } of left.filter(({ event }) => event.type !== 'health'))
        for (const incident of events)
          expect([event.id, Math.abs(at - incident.at) > 30 * secondMs]).toEqual([event.id, true])
    }
  })

  test('leave a market with nothing but its health for an hour, and let life go on beside a rush', () => {
    const mood = { crowds: { market: 'market', canteen: 'canteen' } } as const
    const storyOf = (device: string) => {
      const story = timedEventsOf({ ...town[0]!, device }, startAt, startAt + 120 * minuteMs, 1, mood)
      return [...story].filter(({ event }) => event.type === 'passage')
    }
    const isBusy = (device: string) => incidentsAt(plan, device).isBusy
    const left = storyOf('market').filter(event => !isBusy('market')(event))
    const minutes = left.map(({ at }) => Math.floor((at - startAt) / minuteMs))
    expect(minutes.filter(minute => minute >= 1 && minute < 61)).toEqual([])
    expect(minutes.filter(minute => minute >= 61).length).toBeGreaterThan(30)
    expect(storyOf('canteen').filter(isBusy('canteen'))).toEqual([])
  })

  test('let as many leave the canteen as came, and show no picture of the crowds', () => {
    const crowded = plan.events.filter(({ device }) => device === 'canteen' || device === 'market')
    const count = (direction: string) =>
      crowded.filter(({ event }) => event.type === 'passage' && event.data.direction === direction).length
    expect(count('in')).toBe(count('out'))
    expect(count('in')).toBeGreaterThan(50)
    expect(crowded.every(({ scene }) => scene === 'none')).toBe(true)
  })

  test('show people at one door from the first second on, and darkness later, at another', () => {
    const shown = plan.events.filter(({ device }) => device === places.seen)
    expect(shown[0]).toMatchObject({ at: startAt, scene: 'crowd' })
    expect(shown.every(({ scene }) => scene === 'crowd')).toBe(true)
    for (const { device, from } of plan.blind) {
      expect(device).not.toBe(places.seen)
      expect(from).toBeGreaterThanOrEqual(startAt + minuteMs)
    }
  })

  test('have ids of their own, also in the next run', () => {
    const ids = [plan, planIncidents(places, startAt + 1, rushAt)].flatMap(({ events }) =>
      events.map(({ event }) => event.id),
    )
    expect(new Set(ids).size).toBe(ids.length)
    expect([...scenesOf(plan).keys()].every(id => ids.includes(id))).toBe(true)
  })
})
