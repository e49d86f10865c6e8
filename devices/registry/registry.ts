import { LintelError } from '../../core/errors.ts'
import type { State, Table } from '../../core/state/state.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import { type Announced, judgeAnnouncement } from './announcement.ts'
import type { Device, NewDevice } from './device.ts'
import { type Enrolled, enrolOne } from './enrol-one.ts'
import { hashToken, newToken } from './token.ts'

/** The known devices. Any process may read; the one that holds the state may enrol. */
export interface Registry {
  get(device: DeviceId): Device | undefined
  list(): Device[]
  /** Includes removed devices as they were: their earlier events are still reported by kind and as a household's. */
  remembered(device: DeviceId): Omit<Device, 'tokenHash'> | undefined
  place(id: number): Place | undefined
  /** All present and past places of devices. */
  places(): Place[]
  /** Grows with every change, so that a reader can tell whether its copies are outdated. */
  version(): number

  /**
   * Adds devices, or moves known ones; repeating a row changes nothing. All rows are applied in one transaction; a wrong
   * row is answered with its fault and changes nothing. A dry run changes nothing at all; the tokens that it returns are
   * not valid.
   */
  enrol(rows: readonly unknown[], now: number, options?: { readonly dryRun?: boolean }): Promise<Enrolled[]>
  /**
   * Applies a gateway's announcement of one of its devices: enrols it without a token of its own, or moves it. Refused if
   * the device or the place is of a site that the gateway does not speak for.
   */
  announce(gateway: DeviceId, row: unknown, now: number): Promise<Announced>
  /** Makes a new token; the old one is invalid from now on. Throws DEVICE_NOT_FOUND. */
  rotate(device: DeviceId): Promise<string>
  /** A disabled device is disconnected within a second and cannot come back. Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
  /**
   * Removes a device: it is disconnected within a second, its token is invalid, and no door is listed for it. With
   * `forget`, for a device that has never sent anything, its places are removed as well. Throws DEVICE_NOT_FOUND.
   */
  remove(device: DeviceId, options: { readonly forget: boolean }): Promise<void>
}

export function createRegistry(state: State): Registry {
  const devices: Table<Device> = state.table('device')
  /** Removed devices as they were, without a token. */
  const removed: Table<Omit<Device, 'tokenHash'>> = state.table('device-removed')
  const places: Table<Place> = state.table('place')
  const counters: Table<number> = state.table('counter')
  const knownPlaces = new Map<number, Place>()

  const bump = (counter: string) => {
    const next = (counters.get(counter) ?? 0) + 1
    counters.put(counter, next)
    return next
  }

  /** Never a number that a place already has, even if the counter was lost. */
  function nextPlace(): number {
    const [last] = places.entries({ limit: 1, reverse: true })
    if (last !== undefined && (counters.get('place') ?? 0) < last[1].id) counters.put('place', last[1].id)
    return bump('place')
  }

  const find = (device: DeviceId) => ({
    device: devices.get(device),
    removed: removed.get(device),
    placeOf: ({ place }: Pick<Device, 'place'>) => places.get(placeKey(place)),
  })

  function enrol(row: unknown, now: number, via?: DeviceId): Enrolled {
    const { answer, put } = enrolOne(row, find, now, via)
    if (put === undefined) return answer
    const { device, place } = put(nextPlace)
    if (place !== undefined) places.put(placeKey(place.id), place)
    devices.put(device.device, device)
    removed.remove(device.device)
    return answer
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
    remembered: device => devices.get(device) ?? removed.get(device),
    async enrol(rows, now, { dryRun = false } = {}) {
      if (dryRun) return rows.map(row => enrolOne(row, find, now).answer)
      return state.transact(() => {
        const answers = rows.map(row => enrol(row, now))
        if (answers.some(({ outcome }) => outcome === 'enrolled' || outcome === 'moved')) bump('registry')
        return answers
      })
    },
    announce: (gateway, row, now) =>
      state.transact(() => {
        const known = devices.get((row as NewDevice | null)?.device ?? '')
        const refusal = judgeAnnouncement(devices.get(gateway), known, row)
        if (refusal !== undefined) return refusal
        const answer = enrol(row, now, gateway)
        if (answer.outcome === 'refused') return { ...answer, code: 'DEVICE_INVALID' }
        if (answer.outcome !== 'unchanged') bump('registry')
        return { outcome: answer.outcome }
      }),
    async rotate(device) {
      const token = newToken()
      // A device with a token of its own connects by itself.
      await change(device, ({ via: _, ...known }) => ({ ...known, tokenHash: hashToken(token) }))
      return token
    },
    setEnabled: (device, enabled) => change(device, known => ({ ...known, enabled })),
    remove: (device, { forget }) =>
      state.transact(() => {
        const known = devices.get(device)
        if (known === undefined) throw new LintelError('DEVICE_NOT_FOUND', `no device is called ${device}`)
        devices.remove(device)
        if (forget) for (const [key, place] of [...places.entries()]) if (place.device === device) places.remove(key) // biome-ignore format: one thing
        const { tokenHash: _, ...left } = known
        if (!forget) removed.put(device, { ...left, enabled: false })
        if (forget) knownPlaces.clear()
        bump('registry')
      }),
  }
}

const placeKey = (id: number) => String(id).padStart(10, '0')
