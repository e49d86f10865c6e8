import mqtt, { type Packet } from 'mqtt-packet'
import type { FloodDevice } from './flood.ts'

/** What one device, or one host without an account, may do to all others. */
export type Attack =
  /** The device sends these bytes again and again, as fast as they are taken; `n` counts the chunks. */
  | { readonly kind: 'send'; readonly chunk: (device: string, n: number) => Buffer; readonly reads: boolean }
  /** So many connections that send this and wait, each opened anew when it ends. */
  | { readonly kind: 'connect'; readonly count: number; readonly hello: (n: number) => Buffer }

const packetIds = 60_000
const ids = (n: number, i: number, perChunk: number) => 1 + ((n * perChunk + i) % packetIds)

function send(perChunk: number, packet: (device: string, messageId: number) => Packet, reads = true): Attack {
  const chunk = (device: string, n: number) =>
    Buffer.concat(
      Array.from({ length: perChunk }, (_, i) => mqtt.generate(packet(device, ids(n, i, perChunk)))),
    )
  return { kind: 'send', chunk, reads }
}

function publish(
  perChunk: number,
  payload: (messageId: number) => string | Buffer,
  qos: 0 | 1 | 2 = 1,
): Attack {
  return send(perChunk, (device, messageId) => ({
    cmd: 'publish',
    topic: `lintel/v1/${device}/event`,
    payload: payload(messageId),
    qos,
    messageId,
    dup: false,
    retain: false,
  }))
}

const subscribe = (topics: (device: string) => string[], perChunk: number) =>
  send(perChunk, (device, messageId) => ({
    cmd: 'subscribe',
    messageId,
    subscriptions: topics(device).map(topic => ({ topic, qos: 1 as const })),
  }))

const passage = (id: string, more = '') =>
  `{"id":"${id}","type":"passage","time":"${new Date().toISOString()}","data":{"direction":"in","result":"granted","method":"card"}${more}}`

/** An event with as many members as fit, no name twice. */
function manyMembers(bytes: number): string {
  const members: string[] = []
  for (let i = 0, length = 0; length < bytes - 300; i++) {
    members.push(`,"_${i.toString(36)}":0`)
    length += members[i]!.length
  }
  return passage('members', members.join(''))
}

const kibibyte = 1024
const run = Date.now().toString(36)
const large = manyMembers(256 * kibibyte)
const spaces = Buffer.alloc(2000 * kibibyte, 32)
const picture = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(1000 * kibibyte, 7)])
const half = mqtt.generate({
  cmd: 'connect',
  clientId: 'half',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
})

export const attacks: Readonly<Record<string, Attack>> = {
  pings: send(1000, () => ({ cmd: 'pingreq' })),
  'acks of nothing': send(1000, () => ({ cmd: 'puback', messageId: 1 })),
  'releases of nothing': send(1000, (_, messageId) => ({ cmd: 'pubrel', messageId })),
  'denied topics': subscribe(device => Array.from({ length: 60 }, (_, n) => `lintel/v1/${device}/t${n}`), 20),
  'the own topic again and again': subscribe(device => [`lintel/v1/${device}/command`], 500),
  'events of QoS 1': publish(200, id => passage(`${run}-${id}`)),
  'rubbish of QoS 0': publish(500, () => 'x', 0),
  'arrays of rubbish': publish(20, () => `[${Array(500).fill('{}')}]`),
  'events of many members': publish(1, () => large),
  'events of 2 MB': publish(1, () => spaces),
  'QoS 2 without an end': publish(1, () => spaces, 2),
  'pictures of 1 MB': send(1, (device, messageId) => ({
    cmd: 'publish', topic: `lintel/v1/${device}/snapshot/${run}-${messageId}`, payload: picture,
    qos: 1, messageId, dup: false, retain: false,
  })), // biome-ignore format: one packet
  'answers left unread': send(1000, () => ({ cmd: 'pingreq' }), false),
  'silent connections': { kind: 'connect', count: 1200, hello: () => Buffer.alloc(0) },
  'half a CONNECT': { kind: 'connect', count: 1200, hello: () => half.subarray(0, 6) },
  'devices that do not exist': { kind: 'connect', count: 50, hello: n => connectOf(`ghost-${n}`) },
}

const connectOf = (device: string) =>
  mqtt.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: device,
    username: device,
    password: Buffer.from('x'),
    keepalive: 60,
  })

/** What the attacking process is started with. */
export interface AttackTask {
  readonly attack: string
  readonly host: string
  readonly port: number
  readonly device: FloodDevice
}
