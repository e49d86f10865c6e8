import { LintelError } from '../../core/errors.ts'
import type { State, Table } from '../../core/state/state.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import { type Device, faultOfDevice, type NewDevice, samePlace } from './device.ts'
import { hashToken, newToken } from './token.ts'

/** The known devices. Any process may read; the one that holds the state may enrol. */
export interface Registry {
  get(device: DeviceId): Device | undefined
  list(): Device[]
  place(id: number): Place | undefined
  /** Grows with every change: a reader that keeps copies compares it. */
  version(): number

  /**
   * Adds devices, or moves those that are known; saying the same again changes nothing. All rows are
   * applied in one transaction; a row that is wrong is answered with its fault and changes nothing.
   */
  enrol(rows: readonly unknown[], now: number): Promise<Enrolled[]>
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

  function enrolOne(row: unknown, now: number): Enrolled {
    const reason = faultOfDevice(row)
    if (reason !== undefined) {
      const named = (row as { device?: unknown } | null)?.device
      return { outcome: 'refused', device: typeof named === 'string' ? named.slice(0, 64) : '', reason }
    }
    const wanted = row as NewDevice
    const known = devices.get(wanted.device)
    const oldPlace = known && places.get(placeKey(known.place))
    if (
      known !== undefined &&
      known.kind === wanted.kind &&
      oldPlace !== undefined &&
      samePlace(oldPlace, wanted)
    ) {
      return { outcome: 'unchanged', device: wanted.device }
    }
    const place = bump('place')
    const { device, site, building, point, zone, kind } = wanted
    places.put(placeKey(place), { id: place, device, site, building, point, zone })
    const token = newToken()
    devices.put(device, {
      device, kind, site, building, point, zone, place,
      enabled: known?.enabled ?? true,
      tokenHash: known?.tokenHash ?? hashToken(token),
      enrolledAt: known?.enrolledAt ?? now,
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
    version: () => counters.get('registry') ?? 0,
    enrol: (rows, now) =>
      state.transact(() => {
        const answers = rows.map(row => enrolOne(row, now))
        if (answers.some(({ outcome }) => outcome === 'enrolled' || outcome === 'moved')) bump('registry')
        return answers
      }),
    async rotate(device) {
      const token = newToken()
      await change(device, known => ({ ...known, tokenHash: hashToken(token) }))
      return token
    },
    setEnabled: (device, enabled) => change(device, known => ({ ...known, enabled })),
  }
}

const placeKey = (id: number) => String(id).padStart(10, '0')
