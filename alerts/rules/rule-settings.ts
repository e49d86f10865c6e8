import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { LintelError } from '../../core/errors.ts'
import type { Common } from './parameters.ts'
import type { Described, FindingPlace } from './rule.ts'
import { describedRules } from './rules.ts'

export type RuleParameters = Common & Readonly<Record<string, unknown>>
/** Source of a parameter's value; later ones take precedence. */
export type Origin = 'default' | 'all' | 'site' | 'point'

export interface Effective {
  readonly parameter: string
  readonly value: unknown
  readonly from: Origin
}

export interface RuleSettings {
  of(rule: Described, place: FindingPlace): RuleParameters
  effective(rule: Described, place: FindingPlace): Effective[]
}

type Values = Readonly<Record<string, unknown>>
type ByRule = ReadonlyMap<string, Values>

interface Layers {
  readonly all: ByRule
  readonly sites: ReadonlyMap<string, ByRule>
  /** By `site/building/point`. */
  readonly points: ReadonlyMap<string, ByRule>
}

const ruleByName = new Map(describedRules.map(rule => [rule.name, rule]))
const fallback = new Map(
  describedRules.map(rule => [rule.name, Value.Create(rule.parameters) as object as RuleParameters]),
)

/**
 * Reads a rules file: `rules` for all places, `sites.NAME.rules` for a site, `sites.NAME.points."BUILDING/POINT"` for a
 * point, each a map from rule names to parameters. Throws RULES_INVALID with one line per problem.
 */
export function parseRules(value: unknown = {}): RuleSettings {
  const { settings, problems } = readSettings(value)
  if (problems.length > 0) throw new LintelError('RULES_INVALID', problems.join('\n'))
  return settings
}

/** Like `parseRules`, but returns the problems and ignores what is invalid. */
export function readSettings(value: unknown): { settings: RuleSettings; problems: readonly string[] } {
  const problems: string[] = []
  return { settings: settingsOf(readLayers(value ?? {}, problems)), problems }
}

function settingsOf({ all, sites, points }: Layers): RuleSettings {
  const layersOf = (
    rule: Described,
    { site = '', building, point }: FindingPlace,
  ): [Origin, Values | undefined][] => [
    ['default', fallback.get(rule.name)],
    ['all', all.get(rule.name)],
    ['site', sites.get(site)?.get(rule.name)],
    ['point', points.get(`${site}/${building}/${point}`)?.get(rule.name)],
  ]
  const everywhere = new Map(
    describedRules.map(({ name }) => [name, { ...fallback.get(name)!, ...all.get(name) } as RuleParameters]),
  )
  return {
    of(rule, place) {
      const [, , site, point] = layersOf(rule, place)
      // Thousands of places have no settings of their own and share this object.
      if (site![1] === undefined && point![1] === undefined) return everywhere.get(rule.name)!
      return { ...everywhere.get(rule.name)!, ...site![1], ...point![1] }
    },
    effective(rule, place) {
      const layers = layersOf(rule, place).reverse()
      return Object.keys(rule.parameters.properties).map(parameter => {
        const [from, values] = layers.find(([, values]) => values !== undefined && parameter in values)!
        return { parameter, value: values![parameter], from }
      })
    },
  }
}

function readLayers(value: unknown, problems: string[]): Layers {
  const file = members(value, 'the file', ['rules', 'sites', 'calendar'], problems)
  const sites = new Map<string, ByRule>()
  const points = new Map<string, ByRule>()
  for (const [site, told] of members(file.get('sites'), 'sites', undefined, problems)) {
    const at = `sites.${site}`
    const layer = members(told, at, ['rules', 'points'], problems)
    sites.set(site, readRules(layer.get('rules'), `${at}.rules`, 'site', problems))
    for (const [point, told] of members(layer.get('points'), `${at}.points`, undefined, problems)) {
      if (!/^[^/]+\/[^/]+$/.test(point))
        problems.push(`${at}.points.${point}: must be BUILDING/POINT, such as b01/d01`)
      points.set(`${site}/${point}`, readRules(told, `${at}.points.${point}`, 'point', problems))
    }
  }
  return { all: readRules(file.get('rules'), 'rules', 'all', problems), sites, points }
}

function readRules(value: unknown, at: string, origin: Origin, problems: string[]): ByRule {
  const found = new Map<string, Values>()
  for (const [name, told] of members(value, at, undefined, problems)) {
    const rule = ruleByName.get(name)
    if (rule === undefined) {
      problems.push(`${at}.${name}: there is no such rule; there are ${[...ruleByName.keys()].join(', ')}`)
      continue
    }
    const tooNarrow =
      (rule.scope === 'service' && origin !== 'all') || (rule.scope === 'site' && origin === 'point')
    if (tooNarrow) {
      problems.push(`${at}.${name}: is about a whole ${rule.scope}, and cannot differ here`)
      continue
    }
    const known = Object.keys(rule.parameters.properties)
    const values = members(told, `${at}.${name}`, known, problems)
    for (const [parameter, given] of values) {
      const schema = rule.parameters.properties[parameter]! as ParameterSchema
      const isTooNarrow = schema.of === 'site' && origin === 'point'
      const fault = isTooNarrow ? 'is of a whole site, and cannot differ here' : faultOf(schema, given)
      if (fault === undefined) continue
      problems.push(`${at}.${name}.${parameter}: ${fault}`)
      values.delete(parameter)
    }
    found.set(name, Object.fromEntries(values))
  }
  return found
}

/** Own members of an object; unknown ones are reported and left out. */
function members(
  value: unknown,
  at: string,
  known: readonly string[] | undefined,
  problems: string[],
): Map<string, unknown> {
  if (value === undefined || value === null) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) {
    problems.push(`${at}: must have members`)
    return new Map()
  }
  const entries = Object.entries(value)
  const unknown = known === undefined ? [] : entries.filter(([name]) => !known.includes(name))
  for (const [name] of unknown) {
    problems.push(`${at === 'the file' ? '' : `${at}.`}${name}: is not known; there are ${known!.join(', ')}`)
  }
  return new Map(entries.filter(entry => !unknown.includes(entry)))
}

/** Includes what a form needs to know about a parameter. */
export interface ParameterSchema extends TSchema {
  readonly title: string
  readonly titleZh: string
  readonly unit: string
  readonly default: unknown
  readonly type?: 'integer' | 'number' | 'boolean'
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  /** `site`: the parameter applies to a whole site, though its rule is about points. */
  readonly of?: 'site'
}

/** The members that describe the permitted values. */
export type Range = Pick<ParameterSchema, 'type' | 'enum' | 'minimum' | 'maximum' | 'unit'>

function faultOf(schema: TSchema, given: unknown): string | undefined {
  if (Value.Check(schema, given)) return undefined
  return `must be ${rangeOf(schema as ParameterSchema)}, not ${JSON.stringify(given)?.slice(0, 40)}`
}

/** `a whole number from 5 to 3600 (s)`, `true or false`, `one of a, b`. */
export function rangeOf({ type, enum: values, minimum, maximum, unit }: Range): string {
  if (values !== undefined) return `one of ${values.join(', ')}`
  if (type === 'boolean') return 'true or false'
  const what = type === 'integer' ? 'a whole number' : 'a number'
  return `${what} from ${minimum} to ${maximum}${unit === '' ? '' : ` (${unit})`}`
}
