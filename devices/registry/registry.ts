import { LintelError } from '../../core/errors.ts'
import type { State, Table } from '../../core/state/state.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import { type Announced, judgeAnnouncement } from './announcement.ts'
import { type Device, faultOfDevice, isAtPoint, type NewDevice, samePlace, sameSites } from './device.ts'
import { hashToken, newToken } from './token.ts'

/** The known devices. Any process may read; the one that holds the state may enrol. */
export interface Registry {
  get(device: DeviceId): Device | undefined
  list(): Device[]
  place(id: number): Place | undefined
  /** Where any device stands or ever stood. */
  places(): Place[]
  /** Grows with every change: a reader that keeps copies compares it. */
  version(): number

  /**
   * Adds devices, or moves those that are known; saying the same again changes nothing. All rows are
   * applied in one transaction; a row that is wrong is answered with its fault and changes nothing.
   */
  enrol(rows: readonly unknown[], now: number): Promise<Enrolled[]>
  /**
   * What a gateway says of one of its devices: enrols it without a token of its own, or moves it. Refused where the
   * device or the place is of a site that the gateway does not speak for.
   */
  announce(gateway: DeviceId, row: unknown, now: number): Promise<Announced>
  /** A new token; the old one is worth nothing from now on. Throws DEVICE_NOT_FOUND. */
  rotate(device: DeviceId): Promise<string>
  /** A disabled device is disconnected within a second and cannot come back. Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
}

export type Enrolled =
  | { readonly outcome: 'enrolled'; readonly device: DeviceId; readonly token: string }
  | { readonly outcome: 'moved' | 'unchanged'; readonly device: DeviceId }
  | { readonly outcome: 'refused'; readonly device: string; readonly reason: string }

export function createRegistry(state: State): Registry {
  const devices: Table<Device> = state.table('device')
  const places: Table<Place> = state.table('place')
  const counters: Table<number> = state.table('counter')
  const knownPlaces = new Map<number, Place>()

  const bump = (counter: string) => {
    const next = (counters.get(counter) ?? 0) + 1
    counters.put(counter, next)
    return next
  }

  /** Never one that a place has, should the counter be lost. */
  function nextPlace(): number {
    const [last] = places.entries({ limit: 1, reverse: true })
    if (last !== undefined && (counters.get('place') ?? 0) < last[1].id) counters.put('place', last[1].id)
    return bump('place')
  }

  function enrolOne(row: unknown, now: number, via?: DeviceId): Enrolled {
    const reason =
      faultOfDevice(row) ?? faultOfChange(row as NewDevice, devices.get((row as NewDevice).device))
    if (reason !== undefined) {
      const named = (row as { device?: unknown } | null)?.device
      return { outcome: 'refused', device: typeof named === 'string' ? named.slice(0, 64) : '', reason }
    }
    const wanted = row as NewDevice
    const known = devices.get(wanted.device)
    const { device, site, building, point, zone, kind } = wanted
    // A list, which has no column for them, says nothing of them.
    const sites = wanted.sites ?? known?.sites ?? []
    const household = wanted.household ?? known?.household ?? false
    // One that has a token of its own keeps it, whoever else speaks for it.
    const through = known === undefined || known.via !== undefined ? (via ?? known?.via) : undefined
    const oldPlace = known && places.get(placeKey(known.place))
    const stays = known?.kind === kind && oldPlace !== undefined && samePlace(oldPlace, wanted)
    const sameRest = sameSites(known?.sites, sites) && (known?.household ?? false) === household
    if (stays && sameRest && known.via === through) return { outcome: 'unchanged', device }
    const place = stays ? known.place : nextPlace()
    if (!stays) places.put(placeKey(place), { id: place, device, site, building, point, zone })
    const token = newToken()
    devices.put(device, {
      device, kind, site, building, point, zone, place,
      enabled: known?.enabled ?? true,
      tokenHash: known?.tokenHash ?? hashToken(token),
      enrolledAt: known?.enrolledAt ?? now,
      ...(sites.length === 0 ? {} : { sites }),
      ...(household ? { household } : {}),
      ...(through === undefined ? {} : { via: through }),
    }) // biome-ignore format: the device, then what the registry adds
    return known === undefined ? { outcome: 'enrolled', device, token } : { outcome: 'moved', device }
  }

  async function change(device: DeviceId, next: (known: Device) => Device): Promise<void> {
    await state.transact(() => {
      const known = devices.get(device)
      if (known === undefined) throw new LintelError('DEVICE_NOT_FOUND', `no device is called ${device}`)
      devices.put(device, next(known))
      bump('registry')
    })
  }

  return {
    get: device => devices.get(device),
    list: () => [...devices.entries()].map(([, device]) => device),
    place(id) {
      let place = knownPlaces.get(id)
      if (place === undefined) {
        place = places.get(placeKey(id))
        if (place !== undefined) knownPlaces.set(id, place)
      }
      return place
    },
    places: () => [...places.entries()].map(([, place]) => place),
    version: () => counters.get('registry') ?? 0,
    enrol: (rows, now) =>
      state.transact(() => {
        const answers = rows.map(row => enrolOne(row, now))
        if (answers.some(({ outcome }) => outcome === 'enrolled' || outcome === 'moved')) bump('registry')
        return answers
      }),
    announce: (gateway, row, now) =>
      state.transact(() => {
        const known = devices.get((row as NewDevice | null)?.device ?? '')
        const refusal = judgeAnnouncement(devices.get(gateway), known, row)
        if (refusal !== undefined) return refusal
        const answer = enrolOne(row, now, gateway)
        if (answer.outcome === 'refused') return { ...answer, code: 'DEVICE_INVALID' }
        if (answer.outcome !== 'unchanged') bump('registry')
        return { outcome: answer.outcome }
      }),
    async rotate(device) {
      const token = newToken()
      // With a token it connects itself.
      await change(device, ({ via: _, ...known }) => ({ ...known, tokenHash: hashToken(token) }))
      return token
    },
    setEnabled: (device, enabled) => change(device, known => ({ ...known, enabled })),
  }
}

/** A door's token must not become one that speaks for a site, or is shown it, by a slip in a list, nor the other way round. */
function faultOfChange({ device, kind }: NewDevice, known: Device | undefined): string | undefined {
  if (known === undefined || known.kind === kind || (isAtPoint(known.kind) && isAtPoint(kind)))
    return undefined
  return `${device} is a ${known.kind}: it cannot become a ${kind}`
}

const placeKey = (id: number) => String(id).padStart(10, '0')
