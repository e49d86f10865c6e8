import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, minuteMs } from '../../core/clock.ts'
import type { DeviceEvent } from '../../devices/contract/kinds.ts'
import { checkEvent } from '../../devices/contract/validate.ts'
import { faultOfDevice, type NewDevice } from '../../devices/registry/device.ts'
import { eventsOf } from '../../devices/town/events.ts'
import { awayOf, skewedOf } from '../../devices/town/faults.ts'
import { localMinute } from '../../devices/town/local-time.ts'
import { planTown } from '../../devices/town/plan.ts'
import { createRandom } from '../../devices/town/random.ts'
import { expectedPerMinute } from '../../devices/town/rhythm.ts'

const size = {
  seed: 7,
  sites: 2,
  buildingsPerSite: 5,
  doorsPerBuilding: 2,
  checkpoints: 1,
  zone: 'Asia/Shanghai',
}
const town = planTown(size)
const door = town[0]!
const lane = town.at(-1)!
/** A Monday, midnight in Dongguan. */
const monday = Date.parse('2026-11-16T00:00:00+08:00')

const listOf = (device: NewDevice, from: number, to: number, seed = 7, incidents = 1): DeviceEvent[] => [
  ...eventsOf(device, from, to, seed, { incidents }),
]
const timeOf = ({ time }: DeviceEvent) => Date.parse(time)

describe('a planned town', () => {
  test('has devices that the registry takes, each once', () => {
    expect(town.map(faultOfDevice).filter(fault => fault !== undefined)).toEqual([])
    expect(new Set(town.map(({ device }) => device)).size).toBe(2 * 5 * 2 + 2)
    expect(door).toEqual({
      device: 'nanshe-b01-d01', kind: 'terminal', site: 'nanshe', building: 'b01', point: 'd01', zone: 'Asia/Shanghai',
    }) // biome-ignore format: a device
    expect(lane).toMatchObject({ device: 'g1-l2', kind: 'checkpoint', building: 'g1', point: 'l2' })
  })

  test('is the same for the same seed, and another for another', () => {
    expect(planTown(size)).toEqual(town)
    const other = planTown({ ...size, sites: 9, seed: 8 }).map(({ device }) => device)
    expect(other).not.toEqual(planTown({ ...size, sites: 9 }).map(({ device }) => device))
  })

  test('grows to 2,400 doors and more sites than there are names', () => {
    const large = planTown({ ...size, sites: 40, buildingsPerSite: 20, doorsPerBuilding: 3, checkpoints: 12 })
    expect(large).toHaveLength(2424)
    expect(new Set(large.map(({ device }) => device)).size).toBe(2424)
    expect(large.map(faultOfDevice).filter(fault => fault !== undefined)).toEqual([])
  })
})

describe('what happens at a device', () => {
  const devices = [
    { title: 'a door', device: door },
    { title: 'a lane', device: lane },
  ]
  for (const { title, device } of devices) {
    test(`is the same each time for the same seed, at ${title}`, () => {
      const first = listOf(device, monday, monday + dayMs)
      expect(listOf(device, monday, monday + dayMs)).toEqual(first)
      expect(first.length).toBeGreaterThan(300)
      expect(listOf(device, monday, monday + dayMs, 8)).not.toEqual(first)
    })

    test(`is the same however the time is cut into pieces, at ${title}`, () => {
      const minute = fc.integer({ min: 0, max: 36 * 60 * 60 })
      fc.assert(
        fc.property(fc.array(minute, { minLength: 2, maxLength: 8 }), fc.integer(), (seconds, seed) => {
          const cuts = seconds.sort((a, b) => a - b).map(second => monday + second * 1000)
          const whole = listOf(device, cuts[0]!, cuts.at(-1)!, seed, 200)
          const pieces = cuts.slice(1).flatMap((to, index) => listOf(device, cuts[index]!, to, seed, 200))
          expect(pieces).toEqual(whole)
        }),
        { numRuns: 40 },
      )
    })

    test(`comes in the order of time, inside the interval, with ids of its own, at ${title}`, () => {
      const [from, to] = [monday + 12_345_678, monday + 3 * dayMs + 777_777]
      const events = listOf(device, from, to, 7, 100)
      const times = events.map(timeOf)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(times.every(time => time >= from && time < to)).toBe(true)
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    })

    test(`keeps to the contract, at ${title}`, () => {
      const faults = listOf(device, monday, monday + 7 * dayMs, 3, 300)
        .map(event => checkEvent(structuredClone(event)))
        .filter(checked => 'fault' in checked)
      expect(faults).toEqual([])
    })
  }

  test('covers every kind of event of a door', () => {
    const seen = new Set(
      listOf(door, monday, monday + 7 * dayMs, 7, 100).map(({ type, data }) =>
        type === 'door' ? data.state : type,
      ),
    )
    expect([...seen].sort()).toEqual(['closed', 'forced', 'health', 'held', 'open', 'passage', 'tamper'])
  })

  test('reports health every five minutes', () => {
    const times = listOf(door, monday, monday + dayMs)
      .filter(({ type }) => type === 'health')
      .map(timeOf)
    expect(times).toHaveLength(288)
    expect(new Set(times.slice(1).map((time, index) => time - times[index]!))).toEqual(
      new Set([5 * minuteMs]),
    )
  })

  test('closes every door that it opened before it opens it again', () => {
    let isOpen = false
    for (const { type, data } of listOf(door, monday, monday + 14 * dayMs, 7, 50)) {
      if (type !== 'door') continue
      if (data.state === 'open' || data.state === 'forced') {
        expect(isOpen).toBe(false)
        isOpen = true
      } else if (data.state === 'closed') {
        expect(isOpen).toBe(true)
        isOpen = false
      } else expect(isOpen).toBe(true)
    }
    expect(isOpen).toBe(false)
  })
})

describe('the rhythm of the town', () => {
  const week = town
    .filter(({ kind }) => kind === 'terminal')
    .flatMap(device => listOf(device, monday, monday + 7 * dayMs))
    .filter(event => event.type === 'passage')
  const isWeekday = (at: number) => ![0, 6].includes(localMinute(at, 'Asia/Shanghai').weekday)
  const hourOf = (at: number) => Math.floor(localMinute(at, 'Asia/Shanghai').minute / 60)
  const perHour = (direction: string, hours: number[], weekdays = true) =>
    week.filter(
      event =>
        event.data.direction === direction &&
        hours.includes(hourOf(timeOf(event))) &&
        isWeekday(timeOf(event)) === weekdays,
    ).length / hours.length

  test('goes out in the morning and comes in in the evening, several times the flow of the night', () => {
    expect(perHour('in', [18, 19])).toBeGreaterThan(8 * perHour('in', [3]))
    expect(perHour('out', [8])).toBeGreaterThan(8 * perHour('out', [3]))
    expect(perHour('in', [18])).toBeGreaterThan(2 * perHour('out', [18]))
    expect(perHour('out', [8])).toBeGreaterThan(2 * perHour('in', [8]))
  })

  test('has shift workers about midnight and in the morning', () => {
    expect(perHour('out', [23])).toBeGreaterThan(2 * perHour('out', [1, 2, 3]))
    expect(perHour('in', [0])).toBeGreaterThan(2 * perHour('in', [2, 3]))
    expect(perHour('in', [8])).toBeGreaterThan(2 * perHour('in', [5]))
  })

  test('is flatter at the weekend', () => {
    const peakShare = (weekdays: boolean) =>
      perHour('in', [18], weekdays) / perHour('in', range(24), weekdays)
    expect(peakShare(true)).toBeGreaterThan(1.4 * peakShare(false))
  })

  test('balances in and out over a week', () => {
    const into = week.filter(({ data }) => data.direction === 'in').length
    expect(Math.abs(into / week.length - 0.5)).toBeLessThan(0.02)
  })

  test('denies about two in a hundred, always with a reason', () => {
    const denied = week.filter(({ data }) => data.result === 'denied')
    expect(denied.length / week.length).toBeGreaterThan(0.01)
    expect(denied.length / week.length).toBeLessThan(0.03)
    expect(denied.every(({ data }) => data.reason !== undefined)).toBe(true)
  })

  test('sends couriers at midday', () => {
    const couriers = week.filter(({ data }) => data.holder === 'delivery' && data.direction === 'in')
    const midday = couriers.filter(event => [11, 12].includes(hourOf(timeOf(event))))
    expect(midday.length / couriers.length).toBeGreaterThan(0.35)
  })

  test('expects in a day as many in as out', () => {
    for (const weekday of range(7)) {
      const sum = (direction: 'in' | 'out') =>
        range(1440).reduce(
          (total, minute) => total + expectedPerMinute('resident', { weekday, minute }, direction),
          0,
        )
      expect(sum('in')).toBeCloseTo(sum('out'), 6)
    }
  })

  test('draws as many as it expects', () => {
    const random = createRandom('counts')
    for (const mean of [0.2, 5, 59, 400]) {
      const draws = range(4000).map(() => random.poisson(mean))
      const average = draws.reduce((a, b) => a + b) / draws.length
      const variance = draws.reduce((sum, n) => sum + (n - average) ** 2, 0) / draws.length
      expect(average / mean).toBeCloseTo(1, 1)
      expect(variance / mean).toBeGreaterThan(0.85)
      expect(variance / mean).toBeLessThan(1.15)
    }
  })

  const zones = [
    { title: 'in China', at: '2026-11-16T00:00:00Z', zone: 'Asia/Shanghai', weekday: 1, minute: 480 },
    { title: 'west of Greenwich, a day before', at: '2026-11-16T00:00:00Z', zone: 'America/New_York', weekday: 0, minute: 1140 },
    { title: 'before summer time begins', at: '2026-03-29T00:59:00Z', zone: 'Europe/Berlin', weekday: 0, minute: 119 },
    { title: 'after summer time has begun', at: '2026-03-29T01:00:00Z', zone: 'Europe/Berlin', weekday: 0, minute: 180 },
    { title: 'with half an hour', at: '2026-11-16T00:00:00Z', zone: 'Asia/Kolkata', weekday: 1, minute: 330 },
  ] // biome-ignore format: a table
  for (const { title, at, zone, weekday, minute } of zones) {
    test(`knows the time ${title}`, () =>
      expect(localMinute(Date.parse(at), zone)).toEqual({ weekday, minute }))
  }
})

describe('what goes wrong', () => {
  test('takes a device away for 10 to 120 minutes, on about as many days as asked for', () => {
    let days = 0
    for (let device = 0; device < 20; device++) {
      const isAway = awayOf(`d${device}`, 7, 0.3)
      for (let day = 0; day < 50; day++) {
        const minutes = range(1440).filter(minute =>
          isAway(Date.UTC(2026, 10, 16 + day) + minute * minuteMs),
        ).length
        if (minutes === 0) continue
        days++
        expect(minutes).toBeGreaterThanOrEqual(9)
        expect(minutes).toBeLessThanOrEqual(121)
      }
    }
    expect(days / 1000).toBeCloseTo(0.3, 1)
  })

  test('gives as many devices a wrong clock as asked for, the same ones each time', () => {
    const devices = town.map(({ device }) => device)
    expect(skewedOf(devices, 7, 3).size).toBe(3)
    expect(skewedOf(devices, 7, 3)).toEqual(skewedOf(devices, 7, 3))
    expect(skewedOf(devices, 7, 999).size).toBe(devices.length)
  })
})

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
