import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId } from '../../core/words.ts'
import type { DataOf, DeviceEvent, EventType } from '../contract/kinds.ts'
import type { NewDevice } from '../registry/device.ts'
import { arrivals } from './arrivals.ts'
import { type Character, characterOf } from './character.ts'
import { type CrowdName, crowdHour } from './crowds.ts'
import { localDay } from './local-time.ts'
import { grantedShare, passageOf, vehicleOf } from './people.ts'
import { createRandom, type Random } from './random.ts'

export interface TownMood {
  /** Held doors, forced doors and tampering happen this many times as often as usual. */
  incidents?: number
  /** There are this many times as many vehicles as on a busy road. */
  traffic?: number
  /** Terminals that a crowd passes. */
  crowds?: Readonly<Record<DeviceId, CrowdName>>
}

/** Expected incidents of one device in an hour: about one in 30, 180 or 240 days. */
const heldPerHour = 1 / (30 * 24)
const forcedPerHour = 1 / (180 * 24)
const tamperPerHour = 1 / (240 * 24)
/** The share of granted passages for which a door contact reports an opening. */
const openingShare = 0.12
const healthEveryMs = 5 * minuteMs
const parts = [['case', 3], ['camera', 4], ['reader', 2], ['lock', 1]] as const // biome-ignore format: a table

/**
 * The events that a device reports from `fromMs` until before `toMs` (which may be Infinity), in the order of time. They
 * are the same for the same seed, and have the same ids, however the time is cut into pieces: a stretch that is run again
 * sends nothing new.
 */
export function* eventsOf(
  device: NewDevice,
  fromMs: number,
  toMs: number,
  seed: number,
  mood?: TownMood,
): Generator<DeviceEvent, void> {
  for (const { event } of timedEventsOf(device, fromMs, toMs, seed, mood)) yield event
}

export interface TimedEvent {
  readonly at: number
  readonly event: DeviceEvent
}

/** `eventsOf`, with each event's time as a number. */
export function* timedEventsOf(
  device: NewDevice,
  fromMs: number,
  toMs: number,
  seed: number,
  mood: TownMood = {},
): Generator<TimedEvent, void> {
  const character = characterOf(device, seed)
  for (let hour = Math.floor(fromMs / hourMs); hour * hourMs < toMs; hour++) {
    for (const timed of eventsOfHour(device, character, hour, seed, mood)) {
      if (timed.at >= toMs) return
      if (timed.at >= fromMs) yield timed
    }
  }
}

interface Happening {
  readonly at: number
  readonly type: EventType
  readonly data: DataOf<EventType>
}

/**
 * Each hour is independent: it has a random stream of its own, and whatever begins in it ends in it. So a run can be
 * repeated from any moment on, without knowing what came before.
 */
function eventsOfHour(
  device: NewDevice,
  character: Character,
  hour: number,
  seed: number,
  mood: TownMood,
): TimedEvent[] {
  const random = createRandom(seed, device.device, hour)
  const startMs = hour * hourMs
  const busy = character.scale * dayFactor(device, seed, startMs)
  const { incidents = 1, traffic = 1 } = mood
  const crowd = mood.crowds?.[device.device]
  const happenings: Happening[] =
    crowd !== undefined
      ? crowdHour(crowd, device, hour, seed).map(({ at, data }) => ({ at, type: 'passage', data }))
      : device.kind === 'terminal'
        ? doorHour(random, device.zone, startMs, busy, incidents)
        : laneHour(random, device.zone, startMs, busy * traffic, character.lane)
  tamper(random, startMs, incidents, happenings)
  health(random, startMs, character, happenings)
  happenings.sort((a, b) => a.at - b.at)
  return happenings.map(({ at, type, data }, index) => {
    const id = `t${seed.toString(36)}-${hour.toString(36)}-${index}`
    return { at, event: { id, type, time: formatRfc3339(at), data } as DeviceEvent }
  })
}

/** A whole site is livelier on some days than on others, as with rain or on payday. */
function dayFactor(device: NewDevice, seed: number, ms: number): number {
  const day = createRandom(seed, device.site, localDay(ms, device.zone))
  return Math.max(0.7, 1 + 0.07 * day.normal())
}

function doorHour(
  random: Random,
  zone: string,
  startMs: number,
  scale: number,
  incidents: number,
): Happening[] {
  const happenings: Happening[] = []
  for (const direction of ['in', 'out'] as const) {
    for (const flow of ['resident', 'courier'] as const) {
      // Scaled up by those who are denied, so that as many are let in as out.
      for (const at of arrivals(random, flow, direction, zone, startMs, scale / grantedShare[direction])) {
        happenings.push({ at, type: 'passage', data: passageOf(random, direction, flow === 'courier') })
      }
    }
  }
  happenings.sort((a, b) => a.at - b.at)
  openings(random, startMs, incidents, happenings)
  return happenings
}

function laneHour(random: Random, zone: string, startMs: number, scale: number, lane: number): Happening[] {
  const direction = lane % 2 === 1 ? 'in' : 'out'
  return arrivals(random, 'road', direction, zone, startMs, scale).map(at => {
    return { at, type: 'vehicle', data: vehicleOf(random, direction, lane) }
  })
}

/** The door contact: one opening at a time, each with its closing. */
function openings(random: Random, startMs: number, incidents: number, happenings: Happening[]): void {
  const door: Happening[] = []
  let freeAt = startMs
  const cycle = (openAt: number, openMs: number, state: 'open' | 'forced', heldAfterMs?: number) => {
    if (openAt < freeAt || openAt + openMs >= startMs + hourMs) return
    door.push({ at: openAt, type: 'door', data: { state } })
    if (heldAfterMs !== undefined) {
      door.push({ at: openAt + heldAfterMs, type: 'door', data: { state: 'held', openMs: heldAfterMs } })
    }
    door.push({ at: openAt + openMs, type: 'door', data: { state: 'closed', openMs } })
    freeAt = openAt + openMs + secondMs
  }
  const held = incidentTimes(random, heldPerHour * incidents, startMs).map(at => ({
    at,
    state: 'open' as const,
  }))
  const forced = incidentTimes(random, forcedPerHour * incidents, startMs).map(at => ({
    at,
    state: 'forced' as const,
  }))
  // First the rare incidents, which occupy the door; a passage at an open door adds no opening.
  for (const { at, state } of [...held, ...forced].sort((a, b) => a.at - b.at)) {
    if (state === 'open') cycle(at, random.integer(90, 600) * secondMs, 'open', 60 * secondMs)
    else cycle(at, random.integer(5, 120) * secondMs, 'forced')
  }
  const taken = door.map(({ at }) => at)
  freeAt = startMs
  for (const { at, data } of happenings) {
    const opens = (data as DataOf<'passage'>).result === 'granted' && random.chance(openingShare)
    const openMs = random.integer(2_500, 12_000)
    const openAt = at + random.integer(300, 1_500)
    if (opens && !overlaps(taken, openAt, openAt + openMs)) cycle(openAt, openMs, 'open')
  }
  happenings.push(...door)
}

/** True if a time falls between the first and last report of the incidents, with a margin. */
function overlaps(taken: readonly number[], from: number, to: number): boolean {
  return taken.length > 0 && from <= taken.at(-1)! + secondMs && to >= taken[0]! - secondMs
}

function incidentTimes(random: Random, mean: number, startMs: number): number[] {
  return Array.from({ length: random.poisson(mean) }, () => startMs + Math.floor(random.next() * hourMs))
}

function tamper(random: Random, startMs: number, incidents: number, happenings: Happening[]): void {
  for (const at of incidentTimes(random, tamperPerHour * incidents, startMs)) {
    const part = random.pick(parts)
    const endAt = Math.min(at + random.integer(20, 600) * secondMs, startMs + hourMs - 1)
    happenings.push({ at, type: 'tamper', data: { part, active: true } })
    happenings.push({ at: endAt, type: 'tamper', data: { part, active: false } })
  }
}

function health(random: Random, startMs: number, character: Character, happenings: Happening[]): void {
  const { restartEveryMs, restartPhaseMs, firmware, rssiDbm, warmthC, freeBytes } = character
  for (let at = startMs + character.healthPhaseMs; at < startMs + hourMs; at += healthEveryMs) {
    // Warmest in the afternoon; the hour of UTC is near enough for a case on a wall.
    const sun = Math.cos((2 * Math.PI * ((at % dayMs) / hourMs - 7)) / 24)
    happenings.push({
      at,
      type: 'health',
      data: {
        uptimeS: Math.floor(((at + restartPhaseMs) % restartEveryMs) / secondMs),
        firmware,
        rssiDbm: rssiDbm + Math.round(2 * random.normal()),
        temperatureC: Math.round((29 + 4 * sun + warmthC + 0.4 * random.normal()) * 10) / 10,
        queued: 0,
        freeBytes: freeBytes - random.integer(0, 40) * 1024 * 1024,
      },
    })
  }
}
