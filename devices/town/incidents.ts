import { minuteMs, secondMs } from '../../core/clock.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import type { DataOf, DeviceEvent, EventType } from '../contract/kinds.ts'
import type { TimedEvent } from './events.ts'

/** The picture of the camera during an incident; `none` is no picture. */
export type Scene = 'crowd' | 'bike' | 'none'

export interface Incident extends TimedEvent {
  readonly device: DeviceId
  readonly scene?: Scene
  /** The everyday events of the device go on meanwhile. */
  readonly amid?: boolean
}

/** Epoch ms, without the end. */
export interface Span {
  readonly device: DeviceId
  readonly from: number
  readonly to: number
}

/** The incidents of a town, with their times. While one happens at a device, its everyday events stop. */
export interface Incidents {
  /** In the order of time. */
  readonly events: readonly Incident[]
  /** The device is off the network as after a power cut; events of that time come late. */
  readonly away: readonly Span[]
  /** A sack hangs over the camera in these spans. */
  readonly blind: readonly Span[]
  /** The device is on the network, but reports only its health and the events of incidents. */
  readonly dead: readonly Span[]
}

export const noIncidents: Incidents = { events: [], away: [], blind: [], dead: [] }

export interface IncidentPlaces {
  /** Doors of one site, at least nine. */
  readonly doors: readonly DeviceId[]
  /** All doors of another site. */
  readonly blackout: readonly DeviceId[]
  /** A lane that leads in. */
  readonly lane: DeviceId
  /** This gate and the next one have crowds. */
  readonly market: DeviceId
  readonly canteen: DeviceId
  /** A door where people are seen from the start. */
  readonly seen: DeviceId
}

const passage = (change: Partial<DataOf<'passage'>> = {}): DataOf<'passage'> => ({
  direction: 'in', result: 'granted', method: 'card', holder: 'resident', ...change,
}) // biome-ignore format: one passage
const denied = { result: 'denied', holder: 'unknown', reason: 'unknown-credential' } as const
const aheadMs = 47 * minuteMs
const rushS = 240
const rushEveryS = 4
/** After the rush the guests leave one by one. */
const leaveAfterS = 600
const leaveEveryS = 30
/** The market is empty in this span, long enough to be reported at night, too. */
const empty = { fromS: 60, toS: 3660 }

/**
 * Plans one of each incident that a rule about doors, roads and devices looks for, within four minutes from `startAt`;
 * for four minutes from `rushAt` a rush at the canteen; and for an hour nobody at the market. Pure: the same for the same
 * arguments.
 */
export function planIncidents(
  { doors, blackout, lane, market, canteen, seen }: IncidentPlaces,
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
    { clockMs = 0, ...how }: Pick<Incident, 'scene' | 'amid'> & { clockMs?: number } = {},
  ): void {
    const id = `i${startAt.toString(36)}-${next++}`
    const event = { id, type, time: formatRfc3339(when + clockMs), data } as DeviceEvent
    events.push({ at: when, device, event, ...how })
  }
  const times = (count: number, firstS: number, everyS: number, act: (when: number) => void) => {
    for (let i = 0; i < count; i++) act(at(firstS + i * everyS))
  }
  const [forced, held, refused, opened, followed, bike, wrong, blind, dead] = doors as readonly [
    DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId, DeviceId,
  ] // biome-ignore format: whose door is whose

  const leaves = { direction: 'out', result: 'granted', method: 'button' } as const
  // They leave: several people seen while one is let in would be tailgating.
  times(12, 0, 20, when => happens(seen, when, 'passage', leaves, { scene: 'crowd' }))
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
  times(8, 75, 15, when => happens(blind, when, 'passage', leaves))
  const amid = { scene: 'none', amid: true } as const
  const guest = passage({ holder: 'visitor', method: 'code' })
  // A place is known once somebody has been counted there.
  for (const device of [market, canteen]) {
    happens(device, at(1), 'passage', guest, amid)
    happens(device, at(40), 'passage', leaves, amid)
  }
  const rush = (rushAt - startAt) / secondMs
  const guests = rushS / rushEveryS
  times(guests, rush, rushEveryS, when => happens(canteen, when, 'passage', guest, amid))
  times(guests, rush + leaveAfterS, leaveEveryS, when => happens(canteen, when, 'passage', leaves, amid))
  return {
    events: events.sort((a, b) => a.at - b.at),
    away: [
      span(dead, 30, 150),
      ...blackout.slice(0, Math.ceil(blackout.length * 0.6)).map(door => span(door, 60, 200)),
    ],
    blind: [span(blind, 60, 200)],
    dead: [span(market, empty.fromS, empty.toS)],
  }
}

/** True if one of the spans covers the device at that moment. */
export const isWithin = (spans: readonly Span[], device: DeviceId, at: number): boolean =>
  spans.some(span => span.device === device && at >= span.from && at < span.to)

/** The incidents of one device, and a test whether an everyday event falls away because of them. */
export function incidentsAt({ events, dead }: Incidents, device: DeviceId) {
  const own = events.filter(incident => incident.device === device)
  const alone = own.filter(({ amid = false }) => !amid)
  const first = alone[0]?.at ?? Number.POSITIVE_INFINITY
  const last = alone.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  return {
    events: own as readonly Incident[],
    isBusy: ({ at, event }: TimedEvent) =>
      event.type !== 'health' &&
      ((at >= first - quietMs && at <= last + quietMs) || isWithin(dead, device, at)),
  }
}
const quietMs = 30 * secondMs

/** Scenes by the id of the event. */
export const scenesOf = ({ events }: Incidents): ReadonlyMap<EventId, Scene> =>
  new Map(events.flatMap(({ event, scene }) => (scene === undefined ? [] : [[event.id, scene] as const])))
