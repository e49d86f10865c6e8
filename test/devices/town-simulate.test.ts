import { afterEach, describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../core/clock.ts'
import type { DeviceEvent } from '../../devices/contract/kinds.ts'
import { eventsOf } from '../../devices/town/events.ts'
import { noFaults } from '../../devices/town/faults.ts'
import { planTown } from '../../devices/town/plan.ts'
import { type SimulateOptions, simulateTown, type TownProgress } from '../../devices/town/simulate.ts'
import { type BareBroker, eventsIn, eventually, startBareBroker } from './client-broker.ts'

const brokers: BareBroker[] = []
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.kill()
})

const size = {
  seed: 5,
  sites: 1,
  buildingsPerSite: 3,
  doorsPerBuilding: 2,
  checkpoints: 1,
  zone: 'Asia/Shanghai',
}
const devices = planTown(size).map(device => ({ ...device, token: 'secret' }))
const from = Date.parse('2026-11-16T18:00:00+08:00')
const until = from + 40 * minuteMs
/** The whole stretch is over at the first look at the clock. */
const atOnce = { speed: 1e9, tickMs: 5, client: { backoff: { firstMs: 5, maxMs: 20 } } }

async function run(options: Partial<SimulateOptions> = {}) {
  const broker = await startBareBroker()
  brokers.push(broker)
  const result = await simulateTown({
    url: broker.url, devices, seed: 5, from, until, faults: noFaults, ...atOnce, ...options,
  }) // biome-ignore format: a list of options
  return { broker, result }
}

function received(broker: BareBroker, device: string): DeviceEvent[] {
  return broker.acked
    .filter(({ topic }) => topic === `lintel/v1/${device}/event`)
    .flatMap(eventsIn) as DeviceEvent[]
}

describe('a simulated town', () => {
  test('delivers what happened, each event once and in order, and says goodbye', async () => {
    const { broker, result } = await run()
    let count = 0
    for (const { token, ...device } of devices) {
      const expected = [...eventsOf(device, from, until, 5)]
      expect(received(broker, device.device)).toEqual(expected)
      count += expected.length
    }
    expect(result).toMatchObject({
      phase: 'done',
      published: count,
      duplicates: 0,
      acked: count,
      queued: 0,
      connected: 0,
    })
    const statuses = broker.acked.filter(({ topic }) => topic.endsWith('/status'))
    expect(statuses.filter(({ payload }) => payload.includes('offline'))).toHaveLength(devices.length)
  })

  test('plays incidents: one happens at its moment, in place of everyday life, and one takes a device off the network', async () => {
    const { device } = devices[0]!
    const at = from + 20 * minuteMs
    const event = { id: 'i-0', type: 'door', time: new Date(at).toISOString(), data: { state: 'forced' } }
    const incidents = {
      events: [{ at, device, event: event as DeviceEvent }],
      away: [{ device: devices[1]!.device, from: 0, to: until }],
      blind: [],
      dead: [{ device: devices[2]!.device, from: 0, to: until }],
    }
    const { broker } = await run({ incidents })
    const told = received(broker, device)
    const isNear = ({ type, time }: DeviceEvent) =>
      type !== 'health' && Math.abs(Date.parse(time) - at) <= minuteMs / 2
    expect(told.filter(isNear)).toEqual([event])
    const own = devices.map(({ token, ...device }) => [...eventsOf(device, from, until, 5)])
    expect(told.filter(({ id }) => id !== 'i-0')).toEqual(own[0]!.filter(event => !isNear(event)))
    // It comes back at the end with what it has kept.
    expect(received(broker, devices[1]!.device)).toEqual(own[1])
    expect(received(broker, devices[2]!.device)).toEqual(own[2]!.filter(({ type }) => type === 'health'))
  })

  test('sends as many twice as it is asked to, with the same id and bytes', async () => {
    const { broker, result } = await run({ faults: { ...noFaults, duplicateShare: 0.05 } })
    let repeats = 0
    for (const { token, ...device } of devices) {
      const events = received(broker, device.device)
      const firsts = new Map(events.toReversed().map(event => [event.id, event]))
      expect(firsts.size).toBe([...eventsOf(device, from, until, 5)].length)
      for (const event of events) expect(event).toEqual(firsts.get(event.id))
      repeats += events.length - firsts.size
    }
    expect(repeats).toBe(result.duplicates)
    expect(repeats / result.published).toBeGreaterThan(0.03)
    expect(repeats / result.published).toBeLessThan(0.07)
  })

  test('delivers history first, in arrays', async () => {
    const phases: TownProgress['phase'][] = []
    const { broker } = await run({
      historyMs: 6 * hourMs, until: from + minuteMs, progressEveryMs: 0,
      onProgress: ({ phase }) => phases.push(phase),
    }) // biome-ignore format: a list of options
    for (const { token, ...device } of devices) {
      expect(received(broker, device.device)).toEqual([
        ...eventsOf(device, from - 6 * hourMs, from + minuteMs, 5),
      ])
    }
    const lengths = broker.acked
      .filter(({ topic }) => topic.endsWith('/event'))
      .map(packet => eventsIn(packet).length)
    expect(Math.max(...lengths)).toBeGreaterThan(50)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(200)
    expect(phases.at(-1)).toBe('done')
  })

  test('sets the clock of some terminals wrong', async () => {
    const { broker } = await run({ faults: { ...noFaults, skewedDevices: 2, skewMs: hourMs } })
    const ahead = devices.filter(({ device }) =>
      received(broker, device).some(({ time }) => Date.parse(time) >= until),
    )
    expect(ahead).toHaveLength(2)
    for (const { token, ...device } of ahead) {
      const times = [...eventsOf(device, from, until, 5)].map(({ time }) => Date.parse(time) + hourMs)
      expect(received(broker, device.device).map(({ time }) => Date.parse(time))).toEqual(times)
    }
  })

  test('sends the snapshots that the caller draws, after their events', async () => {
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 1, 2, 3])
    const { broker, result } = await run({
      until: from + 4 * minuteMs,
      snapshot: event => (event.type === 'vehicle' ? jpeg : undefined),
    })
    const snapshots = broker.acked.filter(({ topic }) => topic.includes('/snapshot/'))
    expect(snapshots).toHaveLength(result.snapshots)
    expect(snapshots.length).toBeGreaterThan(0)
    expect(snapshots.every(({ payload }) => payload.equals(jpeg))).toBe(true)
    const ids = new Set(
      broker.acked
        .filter(({ topic }) => topic.startsWith('lintel/v1/g1-l1/event'))
        .flatMap(eventsIn)
        .map(({ id }) => id),
    )
    const own = snapshots.filter(({ topic }) => topic.startsWith('lintel/v1/g1-l1/'))
    expect(own.every(({ topic }) => ids.has(topic.split('/').at(-1)!))).toBe(true)
  })

  test('delivers late what happened while a device was away, and loses nothing', async () => {
    let now = 0
    const broker = await startBareBroker()
    brokers.push(broker)
    const day = Date.parse('2026-11-16T00:00:00Z')
    const result = await simulateTown({
      url: broker.url, devices, seed: 5, from: day, until: day + 24 * hourMs, speed: 1, tickMs: 1,
      faults: { ...noFaults, awayShare: 1 }, clock: () => (now += 60_000), client: atOnce.client,
    }) // biome-ignore format: a list of options
    for (const { token, ...device } of devices) {
      const expected = [...eventsOf(device, day, day + 24 * hourMs, 5)].map(({ id }) => id)
      expect([...new Set(received(broker, device.device).map(({ id }) => id))]).toEqual(expected)
    }
    expect(result.published).toBeGreaterThan(1000)
    const offline = broker.acked.filter(
      ({ topic, payload }) => topic.endsWith('/status') && payload.includes('offline'),
    )
    expect(offline.length).toBeGreaterThan(devices.length)
  }, 30_000)

  test('survives a broker that goes away', async () => {
    const first = await startBareBroker()
    const running = simulateTown({
      url: first.url, devices, seed: 5, from, until, faults: noFaults, historyMs: 24 * hourMs, ...atOnce,
    }) // biome-ignore format: a list of options
    await eventually(() => first.acked.length > 20)
    await first.kill()
    const second = await startBareBroker({ port: first.port })
    brokers.push(second)
    await running
    for (const { token, ...device } of devices) {
      const ids = [...received(first, device.device), ...received(second, device.device)].map(({ id }) => id)
      expect([...new Set(ids)]).toEqual(
        [...eventsOf(device, from - 24 * hourMs, until, 5)].map(({ id }) => id),
      )
    }
  }, 30_000)

  test('stops when it is told to', async () => {
    const stopping = new AbortController()
    const broker = await startBareBroker()
    brokers.push(broker)
    const running = simulateTown({
      url: broker.url, devices, seed: 5, faults: noFaults, signal: stopping.signal, tickMs: 5,
    }) // biome-ignore format: a list of options
    await eventually(() => broker.connections() === devices.length)
    stopping.abort()
    expect(await running).toMatchObject({ phase: 'done', connected: 0 })
    await eventually(() => broker.connections() === 0)
  })
})
