import type { Kind } from '../../devices/contract/kinds.ts'
import type { Passages } from '../rules/passages.ts'
import type { Finding, FindingPlace, Rule, Scope, Signal } from '../rules/rule.ts'
import type { RuleParameters, RuleSettings } from '../rules/rule-settings.ts'
import { rules } from '../rules/rules.ts'
import type { Said } from './in-order.ts'

/** Saved state of a point, a device, a site or the service. Plain JSON, a few kB at most. */
export interface SavedUnit {
  readonly scope: Scope
  readonly place: FindingPlace
  /** For a device: the id of its `Place`, and its latest live event. */
  readonly placeId?: number
  readonly said?: Said
  /** For a point: its devices, and recent passages. */
  readonly devices?: readonly string[]
  readonly passages?: Passages
  /** For a point with several devices: by rule, the device whose report the rule last relied on. */
  readonly reporters?: Readonly<Record<string, string>>
  /** For a device that was moved: the id of the `Place` to which its state was taken along. */
  readonly carried?: number
  readonly states: Readonly<Record<string, unknown>>
}

/** A unit in memory, where it changes in place, with values derived from it. */
export interface Unit {
  readonly key: string
  readonly scope: Scope
  readonly place: FindingPlace
  placeId: number
  said: Said | undefined
  devices: string[]
  passages: Passages
  readonly reporters: Map<string, string>
  carried: number | undefined
  readonly states: Map<Rule, unknown>
  readonly parameters: Map<Rule, RuleParameters>
  /** When the next of its rules is due, in listening time, and the deadline queued for it. */
  due: number
  queued: number
}

const rulesOf = (scope: Scope) => rules.filter(rule => rule.scope === scope)
const byScope = { point: rulesOf('point'), device: rulesOf('device'), site: rulesOf('site'), service: rulesOf('service') } // biome-ignore format: a table

const interested = new Map<string, readonly Rule[]>()
/** Rules that use this kind of observation, in their fixed order. */
export function rulesFor(scope: Scope, kind: Kind | 'gauge'): readonly Rule[] {
  const key = `${scope}/${kind}`
  let found = interested.get(key)
  if (found === undefined) {
    found = byScope[scope].filter(rule => rule.kinds.includes(kind))
    interested.set(key, found)
  }
  return found
}

export function createUnit(key: string, saved: SavedUnit, settings: RuleSettings): Unit {
  const {
    scope,
    place,
    placeId = 0,
    said,
    devices = [],
    passages = [],
    reporters = {},
    carried,
    states,
  } = saved
  const known = byScope[scope].filter(rule => states[rule.name] !== undefined)
  const unit: Unit = {
    key, scope, place, placeId, said, devices: [...devices], passages, carried,
    reporters: new Map(Object.entries(reporters)),
    states: new Map(known.map(rule => [rule, states[rule.name]])),
    parameters: new Map(),
    due: Number.POSITIVE_INFINITY,
    queued: Number.POSITIVE_INFINITY,
  } // biome-ignore format: what is saved, then what follows
  setParameters(unit, settings)
  return unit
}

/** Rules that have a state here, in their fixed order and not in order of arrival. */
export const rulesIn = ({ scope, states }: Unit) => byScope[scope].filter(rule => states.has(rule))

export function setParameters(unit: Unit, settings: RuleSettings): void {
  for (const rule of byScope[unit.scope]) unit.parameters.set(rule, settings.of(rule, unit.place))
}

export function saveUnit(unit: Unit): SavedUnit {
  const { scope, place, placeId, said, devices, passages, reporters, carried, states } = unit
  return {
    scope,
    place,
    ...(scope === 'device' ? { placeId, ...(said === undefined ? {} : { said }) } : {}),
    ...(scope === 'point' ? { devices: [...devices], passages } : {}),
    ...(reporters.size === 0 ? {} : { reporters: Object.fromEntries(reporters) }),
    ...(carried === undefined ? {} : { carried }),
    states: Object.fromEntries([...states].map(([rule, state]) => [rule.name, state])),
  }
}

export function dueOf(unit: Unit): number {
  let due = Number.POSITIVE_INFINITY
  for (const [rule, state] of unit.states) due = Math.min(due, rule.due(state, unit.parameters.get(rule)))
  return due
}

/** When a device moves and comes back, the condition it brings must not be taken for the one told there earlier. */
const causeOf = ({ carried }: Unit, { cause }: Signal) =>
  carried === undefined ? cause : `${cause}~${carried}`

export const findingOf = (rule: Rule, unit: Unit, signal: Signal, receivedAt: number): Finding => ({
  rule: rule.name,
  severity: unit.parameters.get(rule)!.severity,
  place: unit.place,
  receivedAt,
  ...signal,
  cause: causeOf(unit, signal),
})
