import { minuteMs, secondMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import type { DataOf, DeviceEvent, EventType } from '../contract/kinds.ts'
import type { TimedEvent } from './events.ts'

/** What a camera sees then; `none` is no picture. */
export type Scene = 'crowd' | 'bike' | 'none'

export interface Incident extends TimedEvent {
  readonly device: DeviceId
  readonly scene?: Scene
}

/** Epoch ms, the end not included. */
export interface Span {
  readonly device: DeviceId
  readonly from: number
  readonly to: number
}

/** What goes wrong in a town, and when; while something happens at a device, its everyday life stands still. */
export interface Incidents {
  /** In the order of time. */
  readonly events: readonly Incident[]
  /** Off the network as after a power cut; what happens there meanwhile comes late. */
  readonly away: readonly Span[]
  /** A sack hangs over the camera. */
  readonly blind: readonly Span[]
  /** On the network, and counts nothing but these events. */
  readonly dead: readonly Span[]
}

export const noIncidents: Incidents = { events: [], away: [], blind: [], dead: [] }

export interface IncidentPlaces {
  /** Of one site, at least nine. */
  readonly doors: readonly DeviceId[]
  /** All of another. */
  readonly blackout: readonly DeviceId[]
  /** A lane that leads in. */
  readonly lane: DeviceId
  /** Two where many pass at this time of every day, and what is counted there until it changes. */
  readonly market: DeviceId
  readonly canteen: DeviceId
  readonly everyday: readonly (TimedEvent & { readonly device: DeviceId })[]
}

const passage = (change: Partial<DataOf<'passage'>> = {}): DataOf<'passage'> => ({
  direction: 'in', result: 'granted', method: 'card', holder: 'resident', ...change,
}) // biome-ignore format: one passage
const denied = { result: 'denied', holder: 'unknown', reason: 'unknown-credential' } as const
const aheadMs = 47 * minuteMs
const rushS = 240
const rushEveryS = 4

/**
 * One of each thing that a rule about doors, roads and devices looks for, within four minutes from `startAt`; for four
 * minutes from `rushAt` a rush at the canteen; and nobody at the market. Pure: the same for the same arguments.
 */
export function planIncidents(
  { doors, blackout, lane, market, canteen, everyday }: IncidentPlaces,
  startAt: number,
  rushAt: number,
): Incidents {
  const events: Incident[] = []
  let next = 0
  const at = (s: number) => startAt + s * secondMs
  const span = (device: DeviceId, fromS: number, toS: number): Span => ({
    device,
    from: at(fromS),
    to: at(toS),
  })

  function happens<T extends EventType>(
    device: DeviceId,
    when: number,
    type: T,
    data: DataOf<T>,
    { scene, clockMs = 0 }: { scene?: Scene; clockMs?: number } = {},
  ): void {
    const id = `i${startAt.toString(36)}-${next++}`
    const event = { id, type, time: formatRfc3339(when + clockMs), data } as DeviceEvent
    events.push({ at: when, device, event, ...(scene === undefined ? {} : { scene }) })
  }
  const times = (count: number, firstS: number, everyS: number, act: (when: number) => void) => {
    for (let i = 0; i < count; i++) act(at(firstS + i * everyS))
  }
  const [forced, held, refused, opened, followed, bike, wrong, blind, dead] = doors as readonly [
    DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId,
  ] // biome-ignore format: whose door is whose

  happens(forced, at(5), 'door', { state: 'forced' })
  happens(forced, at(45), 'door', { state: 'closed', openMs: 40_000 })
  times(6, 10, 5, when => happens(refused, when, 'passage', passage(denied), { scene: 'none' }))
  happens(held, at(14), 'passage', passage(), { scene: 'none' })
  happens(held, at(15), 'door', { state: 'open' })
  happens(held, at(75), 'door', { state: 'held', openMs: 60_000 })
  happens(held, at(150), 'door', { state: 'closed', openMs: 135_000 })
  happens(opened, at(20), 'tamper', { part: 'case', active: true })
  happens(opened, at(90), 'tamper', { part: 'case', active: false })
  happens(followed, at(25), 'passage', passage(), { scene: 'crowd' })
  happens(bike, at(30), 'passage', passage(), { scene: 'bike' })
  happens(lane, at(35), 'vehicle', { class: 'car', direction: 'out', lane: 1, speedKmh: 23 })
  times(4, 40, 2, when => happens(wrong, when, 'passage', passage(), { scene: 'none', clockMs: aheadMs }))
  times(8, 20, 15, when => happens(blind, when, 'passage', passage({ method: 'code' })))
  times(rushS / rushEveryS, (rushAt - startAt) / secondMs, rushEveryS, when =>
    happens(canteen, when, 'passage', passage({ holder: 'visitor', method: 'code' }), { scene: 'none' }),
  )
  return {
    events: [...events, ...everyday.map(event => ({ ...event, scene: 'none' as const }))].sort(
      (a, b) => a.at - b.at,
    ),
    away: [
      span(dead, 30, 150),
      ...blackout.slice(0, Math.ceil(blackout.length * 0.6)).map(door => span(door, 60, 200)),
    ],
    blind: [span(blind, 0, 150)],
    dead: [market, canteen].map(device => ({ device, from: 0, to: Number.POSITIVE_INFINITY })),
  }
}

/** Whether one of the spans covers the device at that moment. */
export const isWithin = (spans: readonly Span[], device: DeviceId, at: number): boolean =>
  spans.some(span => span.device === device && at >= span.from && at < span.to)

/** What happens at one device, and whether its everyday life stands still then. */
export function incidentsAt({ events, dead }: Incidents, device: DeviceId) {
  const own = events.filter(incident => incident.device === device)
  const first = own[0]?.at ?? Number.POSITIVE_INFINITY
  const last = own.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  return {
    events: own as readonly Incident[],
    isBusy: ({ at, event }: TimedEvent) =>
      event.type !== 'health' &&
      ((at >= first - quietMs && at <= last + quietMs) || isWithin(dead, device, at)),
  }
}
const quietMs = 30 * secondMs

/** By the id of its event. */
export const scenesOf = ({ events }: Incidents): ReadonlyMap<EventId, Scene> =>
  new Map(events.flatMap(({ event, scene }) => (scene === undefined ? [] : [[event.id, scene] as const])))
