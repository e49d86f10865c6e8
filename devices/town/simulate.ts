import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, minuteMs, secondMs, systemClock } from '../../core/clock.ts'
import { codeOf } from '../../core/errors.ts'
import type { DeviceClient, DeviceClientOptions } from '../client/client.ts'
import type { TlsOptions } from '../client/connection.ts'
import type { DeviceEvent } from '../contract/kinds.ts'
import type { NewDevice } from '../registry/device.ts'
import type { TownMood } from './events.ts'
import { skewedOf, type TownFaults, usualFaults } from './faults.ts'
import { type Incidents, incidentsAt, isWithin, noIncidents } from './incidents.ts'
import { createTownDevice, type Due, type TownDevice } from './town-device.ts'

export interface SimulateOptions {
  url: string
  devices: readonly (NewDevice & { token: string })[]
  seed: number
  tls?: TlsOptions
  /** The start of the town's time; now, if left out. */
  from?: number
  /** The end of the town's time; never, if left out. */
  until?: number
  /** The devices first deliver the events of this long before `from`, as a backlog. */
  historyMs?: number
  /**
   * The speed of the town's time, relative to the clock. Events from the future are taken for a wrong clock, so with more
   * than 1 let `from` lie in the past, and `until` no later than now.
   */
  speed?: number
  faults?: TownFaults
  mood?: TownMood
  /** Incidents beside the everyday events, with their times. */
  incidents?: Incidents
  /** Returns the JPEG of a passage, a vehicle or tampering that happens now; not called for late events. */
  snapshot?(event: DeviceEvent, device: NewDevice): Buffer | undefined | Promise<Buffer | undefined>
  onProgress?(progress: TownProgress): void
  progressEveryMs?: number
  signal?: AbortSignal
  clock?: Clock
  tickMs?: number
  /** Devices that connect per second, as on a morning; a town that connects all at once is a storm. */
  connectsPerS?: number
  /** Options of each device's client. */
  client?: Partial<Pick<DeviceClientOptions, 'window' | 'batch' | 'ackTimeoutMs' | 'backoff' | 'keepaliveS'>>
}

export interface TownProgress {
  readonly phase: 'history' | 'live' | 'draining' | 'done'
  /** The town's time. */
  readonly now: number
  /** Every device on the network has handed over its events up to this time. */
  readonly sentTo: number
  readonly devices: number
  readonly connected: number
  /** Events handed to clients, those sent twice counted once. */
  readonly published: number
  readonly duplicates: number
  readonly snapshots: number
  readonly acked: number
  readonly resent: number
  readonly refusals: number
  /** Snapshots that an outbox had no room for. */
  readonly dropped: number
  readonly queued: number
  readonly queuedBytes: number
}

/**
 * Most events and bytes that wait in memory, in all devices together, and events in one. Further events stay in the story
 * until there is room.
 */
const maxQueued = 20_000
const maxQueuedBytes = 256 * 1024 * 1024
const maxQueuedEach = 1_000
const lateMs = 5 * minuteMs

/**
 * Runs the town against a broker until `until`, or until the signal aborts; then disconnects in order. One timer drives
 * all devices. A device never runs ahead of its broker: while nothing is acknowledged, nothing more is taken from its
 * story, and later all of it comes late, as from its own outbox.
 */
export async function simulateTown(options: SimulateOptions): Promise<TownProgress> {
  const { until = Number.POSITIVE_INFINITY, historyMs = 0, speed = 1, signal } = options
  const { clock = systemClock, tickMs = 200, connectsPerS = 100, progressEveryMs = secondMs } = options
  const faults = { ...usualFaults, ...options.faults }
  const incidents = options.incidents ?? noIncidents
  const startedAt = clock()
  const from = options.from ?? startedAt
  const townNow = () => Math.min(until, from + (clock() - startedAt) * speed)
  /** At the end all devices come back, so that nothing is missing. */
  const isAway = (device: TownDevice, now: number) =>
    now < until && (device.isAway(now) || isWithin(incidents.away, device.device.device, now))
  const devices = populate(options, from - historyMs, until, faults)
  const counts = { published: 0, duplicates: 0, snapshots: 0, dropped: 0 }
  let phase: TownProgress['phase'] = historyMs > 0 ? 'history' : 'live'
  let reportedAt = Number.NEGATIVE_INFINITY
  let turn = 0

  async function send(
    device: TownDevice,
    client: DeviceClient,
    { at, event, repeated }: Due,
    now: number,
  ): Promise<void> {
    await client.publish(event)
    counts[repeated ? 'duplicates' : 'published']++
    if (options.snapshot === undefined || repeated || now - at > lateMs) return
    if (event.type === 'door' || event.type === 'health') return
    const jpeg = await options.snapshot(event, device.device)
    if (jpeg === undefined) return
    try {
      await client.snapshot(event.id, jpeg)
      counts.snapshots++
    } catch (error) {
      if (codeOf(error) !== 'OUTBOX_FULL') throw error
      counts.dropped++
    }
  }

  /** Lets every device do what is due. Each turn begins with another device, so that none starves when room is short. */
  async function tick(now: number): Promise<void> {
    const waiting = sumOf(devices)
    let room = maxQueued - waiting.events
    let roomBytes = maxQueuedBytes - waiting.bytes
    let connects = Math.max(1, Math.round((connectsPerS * tickMs) / secondMs))
    turn++
    for (let i = 0; i < devices.length && !signal?.aborted; i++) {
      const device = devices[(i + turn) % devices.length]!
      if (isAway(device, now)) {
        void device.disconnect(false)
        continue
      }
      if (device.client() === undefined && connects-- <= 0) continue
      const client = device.connect()
      const before = device.queued()
      let roomEach = Math.min(room, maxQueuedEach - before.events)
      while (roomEach > 0 && roomBytes > 0 && !signal?.aborted) {
        const due = device.take(now)
        if (due === undefined) break
        await send(device, client, due, now)
        roomEach--
      }
      const after = device.queued()
      room -= Math.max(0, after.events - before.events)
      roomBytes -= Math.max(0, after.bytes - before.bytes)
    }
  }

  function progress(now: number): TownProgress {
    let connected = 0
    let sentTo = now
    const totals = { acked: 0, resent: 0, refusals: 0 }
    for (const device of devices) {
      if (device.client()?.connected()) connected++
      if (!isAway(device, now)) sentTo = Math.min(sentTo, device.sentTo())
      const own = device.totals()
      totals.acked += own.acked
      totals.resent += own.resent
      totals.refusals += own.refusals
    }
    const { events, bytes } = sumOf(devices)
    return {
      phase, now, sentTo, devices: devices.length, connected, ...counts, ...totals, queued: events, queuedBytes: bytes,
    } // biome-ignore format: a list of members
  }

  try {
    while (!signal?.aborted) {
      const now = townNow()
      await tick(now)
      if (clock() - reportedAt >= progressEveryMs || now >= until) {
        const state = progress(now)
        if (phase === 'history' && state.sentTo >= from) phase = 'live'
        if (now >= until) phase = 'draining'
        if (phase === 'draining' && state.sentTo >= until && state.queued === 0) break
        if (clock() - reportedAt >= progressEveryMs) {
          reportedAt = clock()
          options.onProgress?.({ ...state, phase })
        }
      }
      await sleep(tickMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    }
  } finally {
    await Promise.all(devices.map(device => device.disconnect(true)))
  }
  phase = 'done'
  const last = progress(townNow())
  options.onProgress?.(last)
  return last
}

function populate(
  options: SimulateOptions,
  fromMs: number,
  toMs: number,
  faults: Required<TownFaults>,
): TownDevice[] {
  const { url, seed, mood = {}, tls = {}, incidents = noIncidents } = options
  const terminals = options.devices.filter(({ kind }) => kind === 'terminal').map(({ device }) => device)
  const skewed = skewedOf(terminals, seed, faults.skewedDevices)
  return options.devices.map(({ token, ...device }) =>
    createTownDevice({
      device,
      fromMs,
      toMs,
      seed,
      mood,
      incidents: incidentsAt(incidents, device.device),
      duplicateShare: faults.duplicateShare,
      awayShare: faults.awayShare,
      skewMs: skewed.has(device.device) ? faults.skewMs : 0,
      connectWith: { batch: 200, ...options.client, url, token, tls },
    }),
  )
}

function sumOf(devices: readonly TownDevice[]): { events: number; bytes: number } {
  let events = 0
  let bytes = 0
  for (const device of devices) {
    const queued = device.queued()
    events += queued.events
    bytes += queued.bytes
  }
  return { events, bytes }
}
