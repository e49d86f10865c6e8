import type { TSchema } from 'typebox'

type Schema = TSchema & {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly additionalProperties?: unknown
}

/**
 * A schema of input, in which no object may have other members than those named: a misspelt one is reported and not
 * ignored. A schema that defines `additionalProperties` itself is not changed.
 */
export function closed(schema: TSchema): TSchema {
  const { type, properties, items, anyOf, additionalProperties } = schema as Schema
  const changes: Record<string, unknown> = {}
  if (type === 'object' && properties !== undefined) {
    const within = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, closed(each)]))
    if (Object.entries(within).some(([name, each]) => each !== properties[name])) changes.properties = within
    if (additionalProperties === undefined) changes.additionalProperties = false
  }
  if (items !== undefined && closed(items) !== items) changes.items = closed(items)
  if (anyOf?.some(each => closed(each) !== each)) changes.anyOf = anyOf.map(closed)
  return Object.keys(changes).length === 0 ? schema : ({ ...schema, ...changes } as TSchema)
}
