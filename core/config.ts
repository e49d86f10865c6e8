import { readFileSync } from 'node:fs'
import Type, { type Static, type TProperties } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { parseDocument } from 'yaml'
import { LintelError, messageOf } from './errors.ts'
import { influxProblems, influxProperties } from './store-config.ts'
import { deviceIdPattern } from './words.ts'
import { isZone } from './zone.ts'

const section = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description, default: {} })
const option = <P extends TProperties>(properties: P, description: string) =>
  Type.Optional(Type.Object(properties, { additionalProperties: false, description }))
const bytes = (description: string, fallback: number, minimum = 1) =>
  Type.Integer({ description, default: fallback, minimum })
const seconds = (description: string, fallback: number) =>
  Type.Integer({ description, default: fallback, minimum: 1 })
const count = (description: string, fallback: number) =>
  Type.Integer({ description, default: fallback, minimum: 1 })
const host = Type.String({
  default: '127.0.0.1',
  minLength: 1,
  description: 'Address to listen on; 0.0.0.0 for all.',
})
const port = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 0, maximum: 65535, description: '0 takes a free one.' })
const file = (description: string) => Type.String({ minLength: 1, description })

const tlsFiles = {
  certFile: file('Certificate chain, PEM.'),
  keyFile: file('Private key, PEM.'),
  clientCaFile: Type.Optional(
    file('CA of device certificates, PEM; the CN of a certificate is the device id.'),
  ),
  clientCertificates: Type.Enum(['none', 'optional', 'required'], {
    default: 'none',
    description: 'Whether devices show one.',
  }),
}

const miB = 1024 * 1024
const giB = 1024 * miB
const dayS = 86_400

const TcpSchema = section({ host, port: port(1883) }, 'MQTT over TCP.')

/** The configuration file. Every key has a default; `lintel check-config` prints what is in force. */
export const ConfigSchema = section(
  {
    zone: Type.String({
      default: 'Asia/Shanghai',
      description: 'IANA time zone where nothing else says one.',
    }),
    mqtt: section(
      {
        tcp: Type.Union([TcpSchema, Type.Literal(false)], { default: {} }),
        tls: option({ host, port: port(8883), ...tlsFiles }, 'MQTT over TLS.'),
        websocket: option(
          { host, port: port(8083), tls: option(tlsFiles, 'The same over TLS.') },
          'MQTT over WebSocket.',
        ),
        maxConnections: count('Open connections; more are closed at once.', 10_000),
        maxUnidentified: count('Of these, such as have not said who they are.', 1000),
        maxPacketBytes: bytes(
          'Longest packet of a connected device: past it the connection is cut, so well above the longest snapshot.',
          2 * miB,
          1024,
        ),
        maxInFlightPerDevice: count(
          'Messages of one device that wait for the disk before its socket is left unread.',
          64,
        ),
        maxInFlightBytes: bytes('Bytes of all messages that wait for the disk.', 64 * miB),
      },
      'The door.',
    ),
    http: section({ host, port: port(8080) }, 'The API.'),
    journal: section(
      {
        maxBytes: bytes(
          'Records that its consumers have not done with; beyond it devices are refused, nothing is dropped.',
          10 * giB,
        ),
        reserveBytes: bytes('Free space of its disk below which devices are refused.', giB, 0),
        retainS: seconds(
          'How long records stay after all consumers are done, to rebuild a lost store from.',
          3600,
        ),
        maxRememberedIds: count(
          'Ids remembered for 31 days to tell duplicates; beyond it the oldest days are forgotten.',
          50_000_000,
        ),
        maxParked: count('Payloads kept that broke the contract; beyond it the oldest is dropped.', 10_000),
      },
      'The spine.',
    ),
    snapshots: section(
      {
        maxBytes: bytes('Longest snapshot; one that is longer is refused, and its sender told.', miB),
        maxWaitingBytes: bytes(
          'Pictures that wait for the tagger; beyond it the oldest is dropped.',
          2 * giB,
        ),
        maxWaitingS: seconds('How long an original may wait at most.', 3600),
        maxEdgePx: Type.Integer({
          default: 960,
          minimum: 160,
          maximum: 4096,
          description: 'Longer edge of a redacted picture; larger ones are scaled down to it.',
        }),
        keepBytes: bytes('Redacted pictures kept; beyond it the oldest are deleted.', 20 * giB),
        keepS: seconds('How long a redacted picture is kept; longer only while it is held.', 30 * dayS),
        originals: option(
          {
            keyFile: file('256 bits as 64 hexadecimal digits.'),
            keepS: Type.Integer({
              default: dayS,
              minimum: 60,
              maximum: 3 * dayS,
              description: 'How long an encrypted original is kept: 72 hours at most.',
            }),
          },
          'Keep originals, encrypted with AES-256-GCM. Left out, an original is erased once it is redacted.',
        ),
      },
      'Snapshots: those that wait, and those at rest.',
    ),
    tagger: section(
      {
        workers: Type.Integer({
          default: 1,
          minimum: 0,
          maximum: 16,
          description: 'Processes that look at pictures; with 0 nobody does, and each is erased at once.',
        }),
        threads: Type.Integer({ default: 1, minimum: 1, maximum: 16, description: 'For one inference.' }),
        manifest: Type.Optional(file('Manifest of another model: see docs/models.md.')),
        maxBacklog: count('Pictures that wait; beyond it those of uneventful passages are thinned.', 500),
        timeoutS: seconds('A worker that is longer at one picture is replaced.', 15),
        maxWorkerBytes: bytes('Memory of a worker above which it is replaced.', 380 * miB, 128 * miB),
      },
      'What looks at snapshots.',
    ),
    uplink: option(
      {
        url: Type.String({
          pattern: '^(?:mqtts?|wss?)://',
          description: "The centre's broker, such as mqtts://centre.example:8883.",
        }),
        account: Type.String({
          pattern: deviceIdPattern,
          description: 'Id under which the centre has enrolled this gateway.',
        }),
        tokenFile: file('Its token, alone in a file.'),
        caFile: Type.Optional(file("CA of the centre's certificate, PEM; the system's CAs otherwise.")),
        snapshots: Type.Boolean({ default: true, description: 'Whether redacted pictures are sent, too.' }),
        maxBytesPerS: Type.Optional(
          Type.Integer({
            description: 'Most that is sent in a second, in the mean; no bound if left out.',
            minimum: 1024,
          }),
        ),
      },
      'Where this edge node reports to.',
    ),
    store: section(
      {
        memoryBytes: bytes('Memory for the embedded database.', 512 * miB, 64 * miB),
        threads: Type.Integer({ default: 2, minimum: 1, maximum: 64, description: 'Threads for queries.' }),
        influx: option(influxProperties, 'An InfluxDB in place of the embedded database.'),
      },
      'The time series.',
    ),
    log: section(
      {
        level: Type.Enum(['debug', 'info', 'warn', 'error'], {
          default: 'info',
          description: 'Least level that is written.',
        }),
      },
      'JSON lines on standard error.',
    ),
  },
  'Lintel',
)

export type Config = Static<typeof ConfigSchema>

const validator = Compile(ConfigSchema)

/** Fills in defaults and freezes. Throws CONFIG_INVALID with every problem, one a line. */
export function parseConfig(value: unknown): Config {
  const filled = Value.Default(ConfigSchema, copyOf(value ?? {})) as Partial<Config>
  // Into a branch of a union no defaults go while anything in it is wrong.
  if (filled?.mqtt?.tcp)
    filled.mqtt.tcp = Value.Default(TcpSchema, filled.mqtt.tcp) as Static<typeof TcpSchema>
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
  problems.push(...influxProblems(filled?.store?.influx))
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
  const errors = validator.Check(value) ? [] : validator.Errors(value)
  // A union answers with the faults of all its branches: those of the one that was meant are wanted.
  const choices = new Set(
    errors.filter(({ keyword }) => keyword === 'anyOf').map(error => error.instancePath),
  )
  for (const { keyword, instancePath, message, params } of errors) {
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
    else if (additionalProperties) problems.add(`${where}: unknown key ${additionalProperties.join(', ')}`)
    else if (allowedValues) problems.add(`${where}: must be one of ${allowedValues.join(', ')}`)
    else problems.add(`${where}: ${message}`)
  }
  return [...problems]
}

/** Through JSON, so that what a YAML alias shares between two places becomes two. */
function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
