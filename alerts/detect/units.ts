import { LintelError } from '../../core/errors.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import { createDeadlines } from './deadlines.ts'
import { createUnit, dueOf, type SavedUnit, saveUnit, setParameters, type Unit } from './unit.ts'

/** All units by key, with their deadlines and what changed since they were saved. */
export interface Units {
  get(key: string): Unit | undefined
  /** Undefined if there is no room for another unit. */
  add(key: string, unit: SavedUnit): Unit | undefined
  remove(unit: Unit): void
  /** Call after each change of its states. */
  touched(unit: Unit): void
  /** The unit that was due first, before `now`; its `due` says when. */
  takeDue(now: number): Unit | undefined
  /** A lower bound of the next due time. */
  nextDue(): number
  all(): Iterable<Unit>
  devicesOf(site: string): Iterable<Unit>
  /** Calls the listener with each device that may have changed, is new or is gone; with undefined if all may have changed. */
  onDevice(listener: (unit: Unit | undefined) => void): void
  setSettings(settings: RuleSettings): void
  /** Units to save, undefined for deleted ones; afterwards all of them count as saved. */
  changed(): [key: string, unit: SavedUnit | undefined][]
  /** Number of units to be saved. */
  unsaved(): number
  size(): number
  refused(): number
}

export function createUnits(
  saved: Iterable<readonly [key: string, unit: SavedUnit]>,
  first: RuleSettings,
  maxUnits: number,
): Units {
  const units = new Map<string, Unit>()
  const sites = new Map<string, Set<Unit>>()
  const deadlines = createDeadlines()
  const dirty = new Set<string>()
  let settings = first
  let refused = 0
  let tellOf: (unit: Unit | undefined) => void = () => {}

  function insert(key: string, saved: SavedUnit): Unit {
    const unit = createUnit(key, saved, settings)
    units.set(key, unit)
    if (unit.scope === 'device') {
      const { site = '' } = unit.place
      const devices = sites.get(site) ?? new Set()
      sites.set(site, devices.add(unit))
    }
    return unit
  }

  function remove(unit: Unit): void {
    units.delete(unit.key)
    dirty.add(unit.key)
    if (unit.scope === 'device') tellOf(unit)
    const { site = '' } = unit.place
    const devices = sites.get(site)
    if (devices?.delete(unit) && devices.size === 0) sites.delete(site)
  }

  /** One deadline is queued per unit: most are postponed by every record, and checked again only when they come. */
  function queue(unit: Unit): void {
    unit.due = dueOf(unit)
    if (unit.due >= unit.queued) return
    unit.queued = unit.due
    deadlines.add(unit.due, unit.key)
  }

  for (const [key, unit] of saved) queue(insert(key, unit))

  return {
    get: key => units.get(key),
    add(key, saved) {
      if (units.size >= maxUnits) {
        refused++
        return undefined
      }
      dirty.add(key)
      return insert(key, saved)
    },
    remove,
    touched(unit) {
      if (units.get(unit.key) !== unit) return
      dirty.add(unit.key)
      queue(unit)
      if (unit.scope === 'device') tellOf(unit)
    },
    takeDue(now) {
      for (let next = deadlines.peek(); next !== undefined && next[0] < now; next = deadlines.peek()) {
        const [due, key] = deadlines.take()!
        const unit = units.get(key)
        if (unit === undefined || unit.queued !== due) continue
        unit.queued = Number.POSITIVE_INFINITY
        if (unit.due === due) return unit
        queue(unit)
      }
      return undefined
    },
    nextDue: () => deadlines.peek()?.[0] ?? Number.POSITIVE_INFINITY,
    all: () => units.values(),
    devicesOf: site => sites.get(site) ?? [],
    onDevice(listener) {
      tellOf = listener
    },
    setSettings(next) {
      settings = next
      for (const unit of units.values()) {
        setParameters(unit, settings)
        queue(unit)
      }
      tellOf(undefined)
    },
    changed() {
      const changes = [...dirty].map(key => {
        const unit = units.get(key)
        return [key, unit && saveUnit(unit)] as [string, SavedUnit | undefined]
      })
      dirty.clear()
      return changes
    },
    unsaved: () => dirty.size,
    size: () => units.size,
    refused: () => refused,
  }
}

/** Throws DATA_VERSION for a state written by another version. */
export function checkVersion(version: unknown): void {
  if (version === 1) return
  throw new LintelError('DATA_VERSION', `the state of the rules is of version ${String(version)}, not 1`)
}
