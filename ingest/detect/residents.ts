import type { DeviceId, Place } from '../../core/words.ts'
import { linkOf } from './crowds.ts'
import type { Ending } from './rule.ts'
import type { Unit } from './unit.ts'
import type { Units } from './units.ts'

export const deviceKey = (device: DeviceId) => `device/${device}`
export const pointKey = ({ site, building, point }: Unit['place']) => `point/${site}/${building}/${point}`

/** A door with two terminals is one point; more than this nobody builds. */
const maxDevicesAtPoint = 16

/** Which devices stand at which point; `drop` forgets one of either and says so. */
export function createResidents(units: Units, drop: (unit: Unit, ending: Ending) => void) {
  function leave(unit: Unit, ending: Ending): void {
    const point = units.get(pointKey(unit.place))
    drop(unit, ending)
    if (point === undefined) return
    point.devices = point.devices.filter(device => device !== unit.place.device)
    if (point.devices.length === 0) drop(point, ending)
    else units.touched(point)
  }

  function enter(device: DeviceId, { id, site, building, point }: Place): Unit | undefined {
    const place = { site, building, point }
    const key = pointKey(place)
    const at = units.get(key) ?? units.add(key, { scope: 'point', place, states: {} })
    const unit = units.add(deviceKey(device), {
      scope: 'device', place: { ...place, device }, placeId: id, states: {},
    }) // biome-ignore format: a unit
    if (at === undefined || unit === undefined) {
      for (const half of [at, unit]) if (half !== undefined && half.devices.length === 0) units.remove(half)
      return undefined
    }
    // Whoever is away as another comes to its point has been replaced by it.
    const others = at.devices.map(other => units.get(deviceKey(other))).filter(other => other !== undefined)
    at.devices.push(device)
    const gone = others.filter(
      (other, index) => (linkOf(other)?.away ?? null) !== null || index >= maxDevicesAtPoint - 1,
    )
    for (const other of gone) leave(other, 'replaced')
    units.touched(at)
    return unit
  }

  /** The device where it stands; undefined for a record from where it no longer does. */
  function of(device: DeviceId, place: Place): Unit | undefined {
    const unit = units.get(deviceKey(device))
    if (unit === undefined) return enter(device, place)
    if (unit.placeId === place.id) return unit
    if (place.id < unit.placeId) return undefined
    if (pointKey(unit.place) === pointKey(place)) {
      unit.placeId = place.id
      return unit
    }
    leave(unit, 'moved')
    return enter(device, place)
  }

  return { of, leave }
}
