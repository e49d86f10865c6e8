import { readFileSync } from 'node:fs'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'
import { LintelError, messageOf } from '../core/errors.ts'
import { codeOfFileFault, fileFault } from '../core/files.ts'
import { nearName } from '../core/near-name.ts'
import { allErrors, formOf } from '../core/schema-errors.ts'
import { isZone } from '../core/zone.ts'
import { type ChannelConfig, ChannelSchema, channelProblems } from './alerts.ts'
import { type Config, ConfigSchema, TcpSchema } from './schema.ts'
import { influxProblems, retentionProblems } from './store.ts'

export type { Config } from './schema.ts'

const validator = Compile(ConfigSchema)

/** Fills in defaults and freezes. Throws CONFIG_INVALID with every problem, one per line. */
export function parseConfig(value: unknown): Config {
  const filled = Value.Default(ConfigSchema, copyOf(value ?? {})) as Partial<Config>
  // TypeBox fills no defaults inside a union branch that fails validation, nor inside a record with free keys: do both by hand.
  if (filled?.mqtt?.tcp)
    filled.mqtt.tcp = Value.Default(TcpSchema, filled.mqtt.tcp) as Static<typeof TcpSchema>
  for (const [name, channel] of Object.entries(Object(filled?.alerts?.channels)))
    filled.alerts!.channels[name] = Value.Default(ChannelSchema, channel) as ChannelConfig
  const problems = describe(filled)
  if (typeof filled?.zone === 'string' && !isZone(filled.zone)) {
    problems.push(`zone: "${filled.zone}" is not an IANA time zone`)
  }
  const { tcp, tls, websocket } = filled?.mqtt ?? {}
  if (tcp === false && tls === undefined && websocket === undefined) {
    problems.push('mqtt: no device could connect: give it at least one of tcp, tls, websocket')
  }
  for (const [name, files] of [
    ['tls', tls],
    ['websocket.tls', websocket?.tls],
  ] as const) {
    if (
      files?.clientCertificates &&
      files.clientCertificates !== 'none' &&
      files.clientCaFile === undefined
    ) {
      problems.push(`mqtt.${name}: clientCertificates needs a clientCaFile to check them with`)
    }
  }
  problems.push(
    ...influxProblems(filled?.store?.influx),
    ...retentionProblems(filled?.retention, filled?.store?.influx),
    ...channelProblems(filled?.alerts?.channels),
  )
  if (problems.length > 0) throw new LintelError('CONFIG_INVALID', problems.join('\n'))
  return freeze(filled as Config)
}

/** Reads YAML, which includes JSON. Throws CONFIG_INVALID, or DATA_UNAVAILABLE if the file cannot be read now. */
export function readConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new LintelError(codeOfFileFault(error), `${path}: ${fileFault(error)}`)
  }
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new LintelError(
      'CONFIG_INVALID',
      document.errors.map(error => `${path}: ${error.message.split('\n')[0]}`).join('\n'),
    )
  }
  try {
    return parseConfig(document.toJS())
  } catch (error) {
    const lines = messageOf(error).split('\n')
    throw new LintelError('CONFIG_INVALID', lines.map(line => `${path}: ${line}`).join('\n'))
  }
}

function describe(value: unknown): string[] {
  const problems = new Set<string>()
  const errors = allErrors(validator, value)
  // A union reports the errors of all its branches; keep only those of the branch that was meant.
  const choices = new Set(
    errors.filter(({ keyword }) => keyword === 'anyOf').map(error => error.instancePath),
  )
  for (const { keyword, instancePath, message, params, schemaPath } of errors) {
    const where = instancePath.slice(1).replaceAll('/', '.') || 'the file'
    const given = Value.Pointer.Get(value, instancePath)
    const { additionalProperties, allowedValues, requiredProperties } = params as {
      additionalProperties?: string[]
      allowedValues?: unknown[]
      requiredProperties?: string[]
    }
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
    if (choices.has(instancePath) && !isObject) problems.add(`${where}: must be false or have members`)
    else if (keyword === 'anyOf' || keyword === 'boolean') continue
    else if (choices.has(instancePath) && (keyword === 'const' || keyword === 'type')) continue
    else if (given === null) problems.add(`${where}: is empty: give it a value or leave it out`)
    else if (keyword === 'type' && /object$/.test(message)) problems.add(`${where}: must have members`)
    else if (requiredProperties) problems.add(`${where}: ${requiredProperties.join(', ')} is missing`)
    else if (additionalProperties)
      problems.add(`${where}: unknown key ${unknownKeys(additionalProperties, instancePath)}`)
    else if (allowedValues) problems.add(`${where}: must be one of ${allowedValues.join(', ')}`)
    else problems.add(`${where}: ${formOf(ConfigSchema, keyword, schemaPath) ?? message}`)
  }
  return [...problems]
}

/** Lists unknown keys, each with a known key of similar spelling if there is one. */
function unknownKeys(keys: readonly string[], instancePath: string): string {
  const known = keysAt(instancePath.split('/').slice(1))
  const told = keys.map(key => {
    const near = nearName(key, known)
    return near === undefined ? key : `${key} (did you mean ${near}?)`
  })
  return told.join(', ')
}

/** The keys that a section of the configuration may have. */
function keysAt(path: readonly string[]): string[] {
  let schemas: TSchema[] = [ConfigSchema]
  for (const step of path) schemas = schemas.flatMap(branchesOf).flatMap(schema => memberOf(schema, step))
  return schemas.flatMap(branchesOf).flatMap(({ properties = {} }: SchemaParts) => Object.keys(properties))
}

interface SchemaParts {
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly patternProperties?: Readonly<Record<string, TSchema>>
  readonly anyOf?: readonly TSchema[]
}

const branchesOf = (schema: TSchema): readonly TSchema[] => (schema as SchemaParts).anyOf ?? [schema]

/** The schema of a section's member, or of the values of a record with free keys. */
function memberOf(schema: TSchema, name: string): TSchema[] {
  const { properties = {}, patternProperties = {} } = schema as SchemaParts
  return Object.hasOwn(properties, name) ? [properties[name]!] : Object.values(patternProperties)
}

/** Copies through JSON: a YAML alias makes two places share one object, and each needs its own. */
function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
