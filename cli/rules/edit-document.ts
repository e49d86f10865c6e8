import type { RulesDocument } from '../../alerts/rules/rules-document.ts'
import { LintelError } from '../../core/errors.ts'

/** A layer of a document: for all places, for a site, or for a point. */
export interface Layer {
  readonly site?: string | undefined
  /** BUILDING/POINT. */
  readonly point?: string | undefined
}

export interface Assignment {
  readonly rule: string
  readonly parameter: string
  readonly value: unknown
}

const assignment = /^([a-z][a-z-]*)\.([A-Za-z]\w*)=(.*)$/

/** Parses `door-held.heldS=120`; undefined for anything else, such as a file name. */
export function parseAssignment(text: string): Assignment | undefined {
  const [, rule, parameter, value] = assignment.exec(text) ?? []
  if (rule === undefined) return undefined
  return { rule, parameter: parameter!, value: parseValue(value!) }
}

const parseValue = (text: string): unknown =>
  text === 'true' || text === 'false' || /^-?\d+(\.\d+)?$/.test(text) ? JSON.parse(text) : text

export const assign = (
  document: RulesDocument,
  layer: Layer,
  { rule, parameter, value }: Assignment,
): RulesDocument => put(document, [...pathOf(layer), rule, parameter], value) as RulesDocument

/** Removes `door-held`, or `door-held.heldS`. Throws RULES_INVALID if it is not set in that layer. */
export function unassign(document: RulesDocument, layer: Layer, name: string): RulesDocument {
  const path = [...pathOf(layer), ...name.split('.')]
  if (get(document, path) === undefined)
    throw new LintelError('RULES_INVALID', `${path.join('.')}: is not set`)
  return (remove(document, path) ?? {}) as RulesDocument
}

function pathOf({ site, point }: Layer): string[] {
  if (site === undefined) return ['rules']
  return ['sites', site, ...(point === undefined ? ['rules'] : ['points', point])]
}

type Members = Readonly<Record<string, unknown>>
/** An empty member of a YAML file is null. */
const membersOf = (value: unknown): Members => Object(value) as Members

const get = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (at, name) => (Object.hasOwn(membersOf(at), name) ? membersOf(at)[name] : undefined),
    value,
  )

function put(value: unknown, [name, ...rest]: readonly string[], last: unknown): unknown {
  if (name === undefined) return last
  return { ...membersOf(value), [name]: put(get(value, [name]), rest, last) }
}

/** Also removes parents that become empty. */
function remove(value: unknown, [name, ...rest]: readonly string[]): Members | undefined {
  const { [name!]: inside, ...others } = membersOf(value)
  const left = rest.length === 0 ? undefined : remove(inside, rest)
  const all = left === undefined ? others : { ...others, [name!]: left }
  return Object.keys(all).length === 0 ? undefined : all
}
