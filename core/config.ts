import { readFileSync } from 'node:fs'
import Type, { type Static, type TProperties } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'
import { LintelError, messageOf } from './errors.ts'
import { isZone } from './zone.ts'

const section = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description, default: {} })
const bytes = (description: string, fallback: number, minimum = 1) =>
  Type.Integer({ description, default: fallback, minimum })
const seconds = (description: string, fallback: number) => Type.Integer({ description, default: fallback, minimum: 1 })
const count = (description: string, fallback: number) => Type.Integer({ description, default: fallback, minimum: 1 })
const host = Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address to listen on; 0.0.0.0 for all.' })
const port = (fallback: number) => Type.Integer({ default: fallback, minimum: 0, maximum: 65535, description: '0 takes a free one.' })
const file = (description: string) => Type.String({ minLength: 1, description })

const tlsFiles = {
  certFile: file('Certificate chain, PEM.'),
  keyFile: file('Private key, PEM.'),
  clientCaFile: Type.Optional(file('CA of device certificates, PEM; the CN of a certificate is the device id.')),
  clientCertificates: Type.Enum(['none', 'optional', 'required'], { default: 'none', description: 'Whether devices show one.' }),
}

const kiB = 1024
const miB = 1024 * kiB
const giB = 1024 * miB

/** The configuration file. Every key has a default; `lintel check-config` prints what is in force. */
export const ConfigSchema = section(
  {
    zone: Type.String({ default: 'Asia/Shanghai', description: 'IANA time zone where nothing else says one.' }),
    mqtt: section(
      {
        tcp: Type.Union([section({ host, port: port(1883) }, 'MQTT over TCP.'), Type.Literal(false)], { default: {} }),
        tls: Type.Optional(Type.Object({ host, port: port(8883), ...tlsFiles }, { additionalProperties: false, description: 'MQTT over TLS.' })),
        websocket: Type.Optional(
          Type.Object(
            { host, port: port(8083), tls: Type.Optional(Type.Object(tlsFiles, { additionalProperties: false })) },
            { additionalProperties: false, description: 'MQTT over WebSocket.' },
          ),
        ),
        maxConnections: count('Open connections; more are closed at once.', 10_000),
        maxUnidentified: count('Of these, such as have not said who they are.', 1000),
        maxPacketBytes: bytes('Longest packet of a connected device; a snapshot must fit.', miB + 4 * kiB, 1024),
        maxInFlightPerDevice: count('Messages of one device that wait for the disk before its socket is left unread.', 64),
        maxInFlightBytes: bytes('Bytes of all messages that wait for the disk.', 64 * miB),
      },
      'The door.',
    ),
    http: section({ host, port: port(8080) }, 'The API.'),
    journal: section(
      {
        maxBytes: bytes('Records that its consumers have not done with; beyond it devices are refused, nothing is dropped.', 10 * giB),
        reserveBytes: bytes('Free space of its disk below which devices are refused.', giB, 0),
        retainS: seconds('How long records stay after all consumers are done, to rebuild a lost store from.', 3600),
        maxRememberedIds: count('Ids remembered for 31 days to tell duplicates; beyond it the oldest days are forgotten.', 50_000_000),
        maxParked: count('Payloads kept that broke the contract; beyond it the oldest is dropped.', 10_000),
      },
      'The spine.',
    ),
    snapshots: section(
      {
        maxWaitingBytes: bytes('Pictures that wait for the tagger; beyond it the oldest is dropped.', 2 * giB),
        maxWaitingS: seconds('How long an original may wait at most.', 3600),
      },
      'The waiting room of snapshots.',
    ),
    store: section(
      {
        memoryBytes: bytes('Memory for the embedded database.', 512 * miB, 64 * miB),
        threads: Type.Integer({ default: 2, minimum: 1, maximum: 64, description: 'Threads for queries.' }),
      },
      'The embedded time series.',
    ),
    log: section(
      { level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'Least level that is written.' }) },
      'JSON lines on standard error.',
    ),
  },
  'Lintel',
)

export type Config = Static<typeof ConfigSchema>

const validator = Compile(ConfigSchema)

/** Fills in defaults and freezes. Throws CONFIG_INVALID with every problem, one a line. */
export function parseConfig(value: unknown): Config {
  const filled = Value.Default(ConfigSchema, structuredClone(value ?? {})) as unknown
  const problems: string[] = []
  if (!validator.Check(filled)) problems.push(...describe(filled))
  else if (!isZone(filled.zone)) problems.push(`zone: "${filled.zone}" is not an IANA time zone`)
  if (problems.length > 0) throw new LintelError('CONFIG_INVALID', problems.join('\n'))
  return freeze(filled as Config)
}

/** YAML, and so JSON too. Throws CONFIG_INVALID. */
export function readConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new LintelError('CONFIG_INVALID', `${path}: ${messageOf(error)}`)
  }
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new LintelError('CONFIG_INVALID', document.errors.map(error => `${path}: ${error.message.split('\n')[0]}`).join('\n'))
  }
  return parseConfig(document.toJS())
}

function describe(value: unknown): string[] {
  const problems = new Set<string>()
  for (const error of validator.Errors(value)) {
    const where = error.instancePath.slice(1).replaceAll('/', '.') || 'the file'
    const params = error.params as { additionalProperties?: string[]; allowedValues?: unknown[] }
    if (error.keyword === 'anyOf' || error.keyword === 'boolean') continue
    if (params.additionalProperties) problems.add(`${where}: unknown key ${params.additionalProperties.join(', ')}`)
    else if (params.allowedValues) problems.add(`${where}: must be one of ${params.allowedValues.join(', ')}`)
    else problems.add(`${where}: ${error.message}`)
  }
  return [...problems]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
