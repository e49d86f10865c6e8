import Type, { type Static, type TProperties } from 'typebox'
import { deviceIdPattern } from '../core/words.ts'
import { alertProperties } from './alerts.ts'
import { influxProperties } from './store.ts'

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
const days = (description: string) =>
  Type.Optional(Type.Integer({ description, minimum: 1, maximum: 36_525 }))
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

export const TcpSchema = section({ host, port: port(1883) }, 'MQTT over TCP.')

/** The configuration file. Every key has a default; `lintel check-config --full` prints what is in force. */
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
        acceptPlaintext: Type.Boolean({
          default: false,
          description:
            'Whether MQTT without TLS beyond loopback is meant, such as behind a mapped port: no warning then.',
        }),
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
    http: section(
      {
        host,
        port: port(8080),
        publicUrl: Type.Optional(
          Type.String({
            pattern: '^https?://[^/\\s?#]+$',
            form: 'http:// or https:// and a host, with no path',
            description:
              'How people reach it, such as https://lintel.example; links to sign in begin with it.',
          }),
        ),
        acceptPlaintext: Type.Boolean({
          default: false,
          description: 'Whether HTTP without TLS beyond loopback is meant: no warning then.',
        }),
        trustProxy: Type.Array(Type.String({ minLength: 1 }), {
          default: [],
          maxItems: 16,
          description: 'Addresses or networks of proxies in front of it, believed about whom they ask for.',
        }),
        metricsTokenFile: Type.Optional(
          file(
            'Token for Prometheus, 16 characters or more, alone in a file; without it an admin alone reads /metrics.',
          ),
        ),
        maxConnections: Type.Integer({
          default: 1000,
          minimum: 16,
          maximum: 50_000,
          description: 'Open connections; beyond it the one that has asked nothing for longest is closed.',
        }),
        sessionIdleS: seconds('Unused for so long, a browser is signed out.', 8 * 3600),
        sessionMaxS: seconds('Used or not, a browser is signed out after this.', dayS),
      },
      'The API.',
    ),
    audit: section(
      {
        keepDays: Type.Integer({
          default: 1095,
          minimum: 1,
          maximum: 36_500,
          description: 'How long it is kept who did what.',
        }),
      },
      'The record of what people did.',
    ),
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
          'Ids remembered for 31 days to tell duplicates; beyond it the device that has most loses its oldest.',
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
          form: 'an address of mqtt:, mqtts:, ws: or wss:',
          description: "The centre's broker, such as mqtts://centre.example:8883.",
        }),
        account: Type.String({
          pattern: deviceIdPattern,
          form: 'an id: 1 to 64 of A-Z, a-z, 0-9, _ and -',
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
    flow: section(
      {
        minCount: Type.Integer({
          default: 10,
          minimum: 3,
          maximum: 1000,
          description: 'Smallest number that an analyst or auditor sees.',
        }),
      },
      'Answers about flow.',
    ),
    alerts: section(alertProperties, 'Alerts, and how people are told of them.'),
    retention: section(
      {
        passage: days('Passages.'),
        door: days('Door events.'),
        vehicle: days('Vehicles.'),
        tamper: days('Tampering.'),
        health: days("Devices' health."),
        status: days('Connections of devices.'),
        sighting: days('What was seen on pictures.'),
        summaries: days(
          'Of an InfluxDB: counts by quarter of an hour, which outlast the rows that they are of.',
        ),
      },
      'How many days rows of a kind are kept; one that is left out is kept for ever.',
    ),
    processes: section(
      {
        patienceS: Type.Integer({
          default: 60,
          minimum: 5,
          maximum: 3600,
          description: 'A process of the service whose event loop does not answer for so long is replaced.',
        }),
      },
      'The processes of the service.',
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
