import type { DeviceId, Place } from '../../core/words.ts'

/** The devices and places that the held records refer to. */
export interface Named {
  /** Numbers of devices, each with the number of one of its places. */
  readonly devices: Map<number, number>
  readonly places: Set<number>
}

interface Known {
  readonly devices: readonly (readonly [DeviceId, number])[]
  readonly places: readonly (readonly [number, Place])[]
  readonly named: Named
  /** Device numbers that were given out, as counts and remembered ids show. */
  readonly numbers: readonly number[]
}

/**
 * Finds names for numbers whose row was lost. A device gets the name in the place of its records. A place is the one that
 * the registry has for the device, if there was only ever one. Without any trace the name is `lost-…`: a number without a
 * name would be given to another door, and with it the events of this one.
 */
export function nameLost({ devices, places, named, numbers }: Known, registered: readonly Place[]) {
  const placeOf = new Map(places)
  const nameOf = new Map(devices.map(([name, number]) => [number, name]))
  const taken = new Set(devices.map(([name]) => name))
  let nameless = 0

  for (const number of new Set([...named.devices.keys(), ...numbers])) {
    if (number === 0 || nameOf.has(number)) continue
    const place = placeOf.get(named.devices.get(number) ?? 0)
    const name = place !== undefined && !taken.has(place.device) ? place.device : `lost-${number}`
    if (name !== place?.device) nameless++
    nameOf.set(number, name)
    taken.add(name)
  }
  for (const [device, number] of named.devices) {
    if (placeOf.has(number)) continue
    const name = nameOf.get(device)!
    const own = registered.filter(place => place.device === name)
    const isSure = own.length === 1
    if (!isSure) nameless++
    placeOf.set(number, isSure ? own[0]! : lostPlace(number, name))
  }
  for (const number of named.places) {
    if (placeOf.has(number)) continue
    nameless++
    placeOf.set(number, lostPlace(number, `lost-${number}`))
  }
  return {
    devices: [...nameOf].map(([number, name]) => [name, number] as const),
    places: [...placeOf],
    nameless,
  }
}

const lostPlace = (number: number, device: DeviceId): Place => ({
  id: number,
  device,
  site: 'lost',
  building: 'lost',
  point: `lost-${number}`,
  zone: 'UTC',
})
