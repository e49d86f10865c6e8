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
  /** Also one that was removed, as it was: what it sent before is still told by its kind and as a household's. */
  remembered(device: DeviceId): Omit<Device, 'tokenHash'> | undefined
  place(id: number): Place | undefined
  /** Where any device stands or ever stood. */
  places(): Place[]
  /** Grows with every change: a reader that keeps copies compares it. */
  version(): number

  /**
   * Adds devices, or moves those that are known; saying the same again changes nothing. All rows are
   * applied in one transaction; a row that is wrong is answered with its fault and changes nothing. A dry run changes
   * nothing at all; the tokens that it answers are of nobody.
   */
  enrol(rows: readonly unknown[], now: number, options?: { readonly dryRun?: boolean }): Promise<Enrolled[]>
  /**
   * What a gateway says of one of its devices: enrols it without a token of its own, or moves it. Refused where the
   * device or the place is of a site that the gateway does not speak for.
   */
  announce(gateway: DeviceId, row: unknown, now: number): Promise<Announced>
  /** A new token; the old one is worth nothing from now on. Throws DEVICE_NOT_FOUND. */
  rotate(device: DeviceId): Promise<string>
  /** A disabled device is disconnected within a second and cannot come back. Throws DEVICE_NOT_FOUND. */
  setEnabled(device: DeviceId, enabled: boolean): Promise<void>
  /**
   * Takes it away: it is disconnected within a second, its token is worth nothing, and no door is listed for it. `forget`:
   * of one that has never sent anything, the places where it stood go as well. Throws DEVICE_NOT_FOUND.
   */
  remove(device: DeviceId, options: { readonly forget: boolean }): Promise<void>
}

export function createRegistry(state: State): Registry {
  const devices: Table<Device> = state.table('device')
  /** As they were, without a token. */
  const removed: Table<Omit<Device, 'tokenHash'>> = state.table('device-removed')
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
      // With a token it connects itself.
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
