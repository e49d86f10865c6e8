import Type, { type TSchema } from 'typebox'
import { version } from '../../core/version.ts'
import { deviceIdPattern } from '../../core/words.ts'
import { PlaceSchema, SightingSchema } from './gateway-messages.ts'
import { dataSchemas, EventIdSchema, eventSchema, eventTypes } from './kinds.ts'
import { maxEventsPerMessage, maxJsonBytes } from './topics.ts'

const CommandSchema = Type.Union([
  Type.Object({
    type: Type.Literal('time'),
    now: Type.String({ format: 'date-time', description: 'The time now: set your clock.' }),
  }),
  Type.Object({
    type: Type.Literal('refusal'),
    code: Type.String({ description: 'See docs/errors.md.' }),
    reason: Type.String({ description: 'What is wrong, and where. Do not parse it.' }),
    id: Type.Optional(EventIdSchema),
    device: Type.Optional(Type.String({ description: 'To a gateway: which of its devices this is about.' })),
  }),
  Type.Object({
    type: Type.Literal('notice'),
    code: Type.String(),
    reason: Type.String(),
    members: Type.Optional(Type.Array(Type.String(), { description: 'Names of the members concerned.' })),
    id: Type.Optional(EventIdSchema),
    device: Type.Optional(Type.String({ description: 'To a gateway: which of its devices this is about.' })),
  }),
  Type.Object(
    {
      type: Type.Literal('journal'),
      id: Type.String({ description: 'Names the journal of the centre.' }),
      run: Type.String({ description: 'Another one after each start of the centre.' }),
      end: Type.Integer({
        minimum: 0,
        description: 'Its last position: all that was acked before lies up to it.',
      }),
      openings: Type.Array(Type.Object({ epoch: Type.String(), first: Type.Integer({ minimum: 1 }) }), {
        description: 'Its latest epochs, and the position with which each began.',
      }),
    },
    { description: 'To a gateway alone, after it has subscribed and every few seconds.' },
  ),
])

/** An alert as a screen shows it. */
const ShownAlertSchema = Type.Object({
  id: Type.String(),
  rule: Type.String({ description: 'One of docs/rules.md.' }),
  severity: Type.String({ description: 'critical, warning or notice.' }),
  status: Type.Enum(['open', 'acknowledged'], { description: 'Whether somebody has taken it.' }),
  building: Type.Optional(Type.String()),
  point: Type.Optional(Type.String()),
  device: Type.Optional(Type.String()),
  occurredAt: Type.String({ format: 'date-time' }),
  raisedAt: Type.String({ format: 'date-time' }),
  times: Type.Integer({ minimum: 1, description: 'How often it was raised.' }),
  says: Type.Object({ zh: Type.String(), en: Type.String() }, { description: 'What to show.' }),
  link: Type.Optional(Type.String({ format: 'uri' })),
})

/** The open alerts of a site, as a CloudEvent. */
const SiteAlertsSchema = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Type.String(),
  source: Type.String(),
  type: Type.Literal('lintel.alerts.open'),
  subject: Type.String({ description: 'The site.' }),
  time: Type.String({ format: 'date-time', description: 'When it was so.' }),
  datacontenttype: Type.Literal('application/json'),
  data: Type.Object({
    site: Type.String(),
    open: Type.Array(ShownAlertSchema, { maxItems: 50, description: 'Not closed, the newest first.' }),
    more: Type.Integer({ minimum: 0, description: 'How many there are beside those, at least.' }),
  }),
})

interface Channel {
  readonly address: string
  readonly summary: string
  readonly action: 'send' | 'receive'
  readonly message: string
  readonly contentType?: string
  readonly retain?: boolean
  readonly payload: TSchema | { schemaFormat?: string; type: string; description: string }
}

const maxJson = `${maxJsonBytes / 1024} KiB`

/** `action` is that of the service: it receives what devices send. */
const channels: Record<string, Channel> = {
  event: {
    address: 'lintel/v1/{device}/event',
    summary: `One event, or an array of up to ${maxEventsPerMessage}; ${maxJson} at most.`,
    action: 'receive',
    message: 'Event',
    payload: Type.Union([
      Type.Ref('Event'),
      Type.Array(Type.Ref('Event'), { minItems: 1, maxItems: maxEventsPerMessage }),
    ]),
  },
  snapshot: {
    address: 'lintel/v1/{device}/snapshot/{eventId}',
    summary: 'The picture that belongs to an event.',
    action: 'receive',
    message: 'Snapshot',
    contentType: 'image/jpeg',
    payload: { type: 'string', description: 'The bytes of one JPEG, as they are.' },
  },
  status: {
    address: 'lintel/v1/{device}/status',
    summary: `Sent after connecting, and set as the will; ${maxJson} at most.`,
    action: 'receive',
    message: 'Status',
    retain: true,
    payload: dataSchemas.status,
  },
  sighting: {
    address: 'lintel/v1/{device}/sighting',
    summary: `From a gateway alone: what it saw on a picture of one of its devices, or an array of up to ${maxEventsPerMessage}; ${maxJson} at most.`,
    action: 'receive',
    message: 'Sighting',
    payload: Type.Union([
      Type.Ref('Sighting'),
      Type.Array(Type.Ref('Sighting'), { minItems: 1, maxItems: maxEventsPerMessage }),
    ]),
  },
  place: {
    address: 'lintel/v1/{device}/place',
    summary: 'From a gateway alone: where one of its devices stands.',
    action: 'receive',
    message: 'Place',
    payload: PlaceSchema,
  },
  command: {
    address: 'lintel/v1/{device}/command',
    summary: 'What the device should know: the time, and what was refused and why.',
    action: 'send',
    message: 'Command',
    payload: CommandSchema,
  },
  alerts: {
    address: 'lintel/v1/alerts/{site}',
    summary: 'To displays of the site alone: what is open there, whenever that changes.',
    action: 'send',
    message: 'SiteAlerts',
    contentType: 'application/cloudevents+json',
    retain: true,
    payload: SiteAlertsSchema,
  },
}

/** The wire contract as an AsyncAPI 3 document, made from the schemas that the gateway validates with. */
export function asyncApi(): object {
  const device = `Id of the device, ${deviceIdPattern}: also its client id and user name.`
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Lintel wire contract',
      version: '1.0.0',
      'x-lintel-version': version.split('.').slice(0, 2).join('.'),
      description:
        'What door terminals and road checkpoints publish over MQTT 3.1.1. docs/wire.md explains it.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      tcp: {
        host: '127.0.0.1:1883', protocol: 'mqtt', protocolVersion: '3.1.1',
        security: [{ $ref: '#/components/securitySchemes/token' }],
      }, // biome-ignore format: one line
      tls: {
        host: '127.0.0.1:8883',
        protocol: 'secure-mqtt',
        protocolVersion: '3.1.1',
        security: [
          { $ref: '#/components/securitySchemes/token' },
          { $ref: '#/components/securitySchemes/certificate' },
        ],
      },
      websocket: {
        host: '127.0.0.1:8083', pathname: '/mqtt', protocol: 'ws', protocolVersion: '3.1.1',
        description: 'MQTT over WebSocket: subprotocol mqtt, binary messages. With TLS it is wss.',
        security: [{ $ref: '#/components/securitySchemes/token' }],
      }, // biome-ignore format: one line
    },
    channels: Object.fromEntries(
      Object.entries(channels).map(([name, { address, summary, message }]) => [
        name,
        {
          address,
          summary,
          parameters: parametersOf(address, device),
          messages: { [message]: { $ref: `#/components/messages/${message}` } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      Object.entries(channels).map(([name, { action, summary, retain = false }]) => [
        `${action}${name[0]!.toUpperCase()}${name.slice(1)}`,
        {
          action,
          channel: { $ref: `#/channels/${name}` },
          summary,
          bindings: { mqtt: { qos: 1, retain, bindingVersion: '0.2.0' } },
        },
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        Object.values(channels).map(({ message, contentType = 'application/json', payload }) => [
          message,
          { name: message, contentType, payload: withRefs(payload) },
        ]),
      ),
      schemas: {
        Event: {
          oneOf: eventTypes.map(type => ({ $ref: `#/components/schemas/${type}` })),
          discriminator: 'type',
        },
        Sighting: plain(SightingSchema),
        ...Object.fromEntries(eventTypes.map(type => [type, plain(eventSchema(type))])),
      },
      securitySchemes: {
        token: { type: 'userPassword', description: 'User name is the device id, password its token.' },
        certificate: {
          type: 'X509',
          description: 'The common name of a client certificate is the device id.',
        },
      },
    },
  }
}

function parametersOf(address: string, device: string): object {
  const descriptions: Record<string, string> = {
    device,
    eventId: 'Id of the event that the picture belongs to.',
    site: 'Name of a site that the display is enrolled for.',
  }
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  return Object.fromEntries(names.map(name => [name, { description: descriptions[name] }]))
}

/** Removes TypeBox's symbols. */
const plain = (schema: unknown) => JSON.parse(JSON.stringify(schema)) as object

const withRefs = (schema: unknown) =>
  JSON.parse(
    JSON.stringify(schema).replaceAll(/"\$ref":"(Event|Sighting)"/g, '"$ref":"#/components/schemas/$1"'),
  ) as object
