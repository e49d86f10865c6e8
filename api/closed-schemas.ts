import type { TSchema } from 'typebox'

type Schema = TSchema & {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly additionalProperties?: unknown
}

/**
 * A schema of what is sent to us, in which no object has members that are not named: one that is misspelt is told, and
 * not dropped. One that says itself what becomes of others stays as it is.
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
