import type { DeviceId, Place } from '../../core/words.ts'
import { raisedSignal } from '../rules/episode.ts'
import type { Ending, Rule, Signal } from '../rules/rule.ts'
import { linkOf } from './crowds.ts'
import { rulesIn, type Unit } from './unit.ts'
import type { Units } from './units.ts'

export const deviceKey = (device: DeviceId) => `device/${device}`
export const pointKey = ({ site, building, point }: Unit['place']) => `point/${site}/${building}/${point}`

/** A door with two terminals is one point; nobody builds more than this. */
const maxDevicesAtPoint = 16

export interface ResidentActs {
  /** Clears what a rule has raised here, and drops its state. */
  forget(unit: Unit, rule: Rule, ending: Ending): void
  tell(rule: Rule, unit: Unit, signals: readonly Signal[]): void
}

/** Keeps track of which devices stand at which point. */
export function createResidents(units: Units, { forget, tell }: ResidentActs) {
  function drop(unit: Unit, ending: Ending): void {
    for (const rule of rulesIn(unit)) forget(unit, rule, ending)
    units.remove(unit)
  }

  /** Drops what the point knows from that device alone, because nothing would end it any more. */
  function dropReported(point: Unit, device: DeviceId, ending: Ending): void {
    for (const rule of rulesIn(point)) {
      if (point.reporters.get(rule.name) !== device) continue
      forget(point, rule, ending)
      point.reporters.delete(rule.name)
    }
    units.touched(point)
  }

  function leave(unit: Unit, ending: Ending): void {
    const point = units.get(pointKey(unit.place))
    drop(unit, ending)
    if (point === undefined) return
    point.devices = point.devices.filter(device => device !== unit.place.device)
    if (point.devices.length === 0) drop(point, ending)
    else dropReported(point, unit.place.device!, ending)
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
    // A device that is away when another one arrives at its point has been replaced by it.
    const others = at.devices.map(other => units.get(deviceKey(other))).filter(other => other !== undefined)
    // Until now everything known of the point came from the only device there.
    const [alone] = at.devices
    if (at.devices.length === 1) for (const rule of rulesIn(at)) at.reporters.set(rule.name, alone!)
    at.devices.push(device)
    const gone = others.filter(
      (other, index) => (linkOf(other)?.away ?? null) !== null || index >= maxDevicesAtPoint - 1,
    )
    for (const other of gone) leave(other, 'replaced')
    units.touched(at)
    return unit
  }

  /** State of the device moves along: it is away or tampered with wherever it stands. State of the point stays. */
  function move(unit: Unit, device: DeviceId, place: Place): Unit | undefined {
    const known = [...unit.states]
    leave(unit, 'moved')
    const moved = enter(device, place)
    if (moved === undefined) return undefined
    moved.carried = place.id
    for (const [rule, state] of known) moved.states.set(rule, state)
    for (const rule of rulesIn(moved)) {
      if (moved.parameters.get(rule)!.enabled)
        tell(rule, moved, rule.episodes(moved.states.get(rule)).map(raisedSignal)) // biome-ignore format: one thing
      else moved.states.delete(rule)
    }
    units.touched(moved)
    return moved
  }

  /** The device at its current place; undefined for a record from a place it has left. */
  function of(device: DeviceId, place: Place): Unit | undefined {
    const unit = units.get(deviceKey(device))
    if (unit === undefined) return enter(device, place)
    if (unit.placeId === place.id) return unit
    if (place.id < unit.placeId) return undefined
    if (pointKey(unit.place) === pointKey(place)) {
      unit.placeId = place.id
      return unit
    }
    return move(unit, device, place)
  }

  return { of, leave }
}
