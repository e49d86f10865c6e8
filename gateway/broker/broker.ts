import type { AuthenticateError, Client, ConnectPacket, PublishPacket, Subscription } from 'aedes'
import type { Clock } from '../../core/clock.ts'
import { codeOf, type ErrorCode, LintelError, messageOf } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { DeviceId } from '../../core/words.ts'
import { statusTopic } from '../../devices/contract/topics.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { Admit } from '../admit/admit.ts'
import { type Command, Feedback } from '../admit/feedback.ts'
import type { Outcome } from '../journal/journal.ts'
import { limitPackets } from './aedes-internals.ts'
import { DeviceBroker } from './device-broker.ts'
import { identify } from './identity.ts'
import { InFlight, type InFlightLimits } from './in-flight.ts'
import { type Connected, type ListenerOptions, type Listeners, listen } from './listeners.ts'
import { Session } from './session.ts'

export interface BrokerOptions extends ListenerOptions, InFlightLimits {
  /** Bytes of one packet, once connected; before that 4 KiB. */
  readonly maxPacketBytes: number
}

export interface BrokerParts {
  admit: Admit
  registry: Registry
  clock: Clock
  /** Something an operator should be able to find: refused connections and messages. */
  onRefusal: (refusal: Refusal) => void
}

export interface Refusal {
  readonly at: number
  readonly code: ErrorCode | undefined
  readonly reason: string
  readonly device: DeviceId | undefined
  readonly address: string | undefined
}

export interface Broker extends Part {
  readonly addresses: Listeners['addresses']
  sessions(): { device: DeviceId; connectedAt: number; address: string | undefined }[]
  stats(): { connected: number; inFlight: number; inFlightBytes: number; pauses: number; heldBack: number }
  /** Sends a command; false if the device is not connected. */
  command(device: DeviceId, command: Command): boolean
  /** Follows the registry: those disabled or with a new token are disconnected, those moved are placed anew. */
  refresh(): void
}

/** Nobody has to say who they are in more bytes than that. */
const maxConnectBytes = 4096
const connectTimeoutMs = 10_000
const drainTimeoutMs = 10_000
/** A clean stop waits so long for acks under way. */
const drainMs = 5000
const willTries = 60
const willEveryMs = 1000

export function createBroker(
  options: BrokerOptions,
  { admit, registry, clock, onRefusal }: BrokerParts,
): Broker {
  /** By client for as long as aedes speaks of it: a will comes after its socket has closed. */
  const sessionOf = new WeakMap<Client, Session>()
  const connections = new WeakMap<Client, Connected>()
  /** Those whose socket is open. */
  const sessions = new Set<Session>()
  const inFlight = new InFlight(options)
  let unidentified = 0
  let heldBack = 0
  let aedes: DeviceBroker
  let listeners: Listeners

  function refuse(
    client: Client | null,
    device: DeviceId | undefined,
    code: ErrorCode | undefined,
    reason: string,
  ): void {
    const address = client === null ? undefined : connections.get(client)?.socket.remoteAddress
    onRefusal({ at: clock(), code, reason: printable(reason), device, address })
  }

  function accept(connected: Connected): void {
    if (unidentified >= options.maxUnidentified) {
      connected.socket.destroy()
      return
    }
    unidentified++
    const client = aedes.handle(connected.conn as never)
    connections.set(client, connected)
    let identified = false
    const settle = () => {
      if (!identified) unidentified--
      identified = true
    }
    client.once('connected', settle)
    connected.socket.once('close', () => {
      settle()
      const session = sessionOf.get(client)
      if (session === undefined) return
      sessions.delete(session)
      heldBack += session.feedback.heldBack
    })
    limitPackets(
      client,
      // Not `client.connected`: a device may send at once behind its CONNECT, and aedes says so later.
      () => (sessionOf.has(client) ? options.maxPacketBytes : maxConnectBytes),
      () => {
        const device = sessionOf.get(client)?.device
        if (device !== undefined) admit.refused(device, 'snapshot')
        refuse(
          client,
          device,
          'PACKET_TOO_LARGE',
          `a packet is longer than the ${options.maxPacketBytes} bytes allowed`,
        )
      },
    )
  }

  const preConnect = (
    client: Client,
    packet: ConnectPacket,
    callback: (error: Error | null, ok: boolean) => void,
  ) => {
    // Sessions are not kept: a device that comes back subscribes again and sends again what was not acked.
    packet.clean = true
    const { will } = packet
    if (will && will.topic !== statusTopic(packet.clientId)) {
      const reason = `the will of ${printable(packet.clientId)} must be its own status topic`
      refuse(client, undefined, 'PUBLISH_TOPIC_FOREIGN', reason)
      return callback(new Error(reason), false)
    }
    callback(null, true)
  }

  const authenticate = (
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ) => {
    const { commonName } = connections.get(client)!
    const answer = identify({ clientId: client.id, username, token: password, commonName }, registry.get)
    if ('device' in answer) {
      const { device } = answer
      const feedback = new Feedback(command => send(device.device, command), clock)
      const session = new Session(client, device, feedback, clock())
      sessionOf.set(client, session)
      sessions.add(session)
      return done(null, true)
    }
    refuse(client, printable(client.id), answer.code, answer.reason)
    done(Object.assign(new Error(answer.reason), { returnCode: answer.returnCode as number }), false)
  }

  /** The one hook that runs before the PUBACK: its callback waits for the journal. */
  const authorizePublish = (
    client: Client | null,
    packet: PublishPacket,
    callback: (error?: Error | null) => void,
  ) => {
    if (client === null) return callback(packet.topic.startsWith('$SYS/') ? new Error('reserved') : null)
    const session = sessionOf.get(client)
    if (session === undefined) return callback(new Error('not connected'))
    packet.retain = false
    if (client.closed && packet.topic === session.statusTopic) return publishWill(session, packet, callback)
    const bytes = packet.payload.length
    if (!inFlight.enter(session, bytes)) {
      admit.refused(session.device, packet.topic === session.eventTopic ? 'event' : 'snapshot')
      return close(
        session,
        new LintelError('PUBLISH_OVERLOADED', 'too much is waiting for the disk'),
        callback,
      )
    }
    admitPacket(session, packet).then(
      () => {
        inFlight.leave(session, bytes)
        callback(null)
      },
      error => {
        inFlight.leave(session, bytes)
        close(session, error, callback)
      },
    )
  }

  function admitPacket(session: Session, packet: PublishPacket): Promise<Outcome[]> {
    const payload = packet.payload as Buffer
    const { topic } = packet
    if (packet.qos > 0 && packet.messageId === 0)
      return reject(session, 'PUBLISH_TOPIC_UNKNOWN', 'message id 0 is not allowed')
    if (topic === session.eventTopic) return admit.events(session, payload)
    if (topic.startsWith(session.snapshotPrefix)) {
      return admit.snapshot(session, topic.slice(session.snapshotPrefix.length), payload)
    }
    if (topic === session.statusTopic) return admit.status(session, payload)
    const own = topic.startsWith(`lintel/v1/${session.device}/`)
    return reject(
      session,
      own ? 'PUBLISH_TOPIC_UNKNOWN' : 'PUBLISH_TOPIC_FOREIGN',
      own
        ? `devices do not publish to ${topic}: see docs/wire.md`
        : `${session.device} may not publish to ${topic}`,
    )
  }

  async function reject(session: Session, code: ErrorCode, reason: string): Promise<never> {
    admit.refused(session.device, 'event')
    throw new LintelError(code, reason)
  }

  /** MQTT 3.1.1 has no negative ack: a message that must not be acked ends the connection. */
  function close(session: Session, error: unknown, callback: (error: Error) => void): void {
    refuse(session.client, session.device, codeOf(error), messageOf(error))
    callback(error instanceof Error ? error : new Error(messageOf(error)))
  }

  /** Nobody sends a will again, so it is tried here until the journal takes it. */
  function publishWill(
    session: Session,
    packet: PublishPacket,
    callback: (error?: Error | null) => void,
    tries = 1,
  ): void {
    admit.status(session, packet.payload as Buffer).then(
      () => callback(null),
      error => {
        if (tries >= willTries) return close(session, error, callback)
        setTimeout(() => publishWill(session, packet, callback, tries + 1), willEveryMs).unref()
      },
    )
  }

  const authorizeSubscribe = (
    client: Client,
    subscription: Subscription,
    callback: (error: Error | null, subscription?: Subscription | null) => void,
  ) => {
    const session = sessionOf.get(client)
    if (session === undefined || subscription.topic !== session.commandTopic) {
      refuse(
        client,
        session?.device,
        'SUBSCRIBE_DENIED',
        `may subscribe only to ${session?.commandTopic}, not ${subscription.topic}`,
      )
      return callback(null, null)
    }
    setImmediate(() => session.feedback.tellTime())
    callback(null, { ...subscription, qos: Math.min(subscription.qos, 1) as 0 | 1 })
  }

  function send(device: DeviceId, command: Command): void {
    const topic = `lintel/v1/${device}/command`
    aedes.publish(
      { cmd: 'publish', topic, payload: JSON.stringify(command), qos: 1, retain: false, dup: false },
      () => {},
    )
  }

  return {
    name: 'broker',
    get addresses() {
      return listeners.addresses
    },
    async start() {
      aedes = await DeviceBroker.create({
        preConnect, authenticate, authorizePublish, authorizeSubscribe,
        connectTimeout: connectTimeoutMs, drainTimeout: drainTimeoutMs, maxClientsIdLength: 64,
      }) // biome-ignore format: hooks, then limits
      aedes.on('connectionError', (client, error) =>
        refuse(client, undefined, codeOf(error), messageOf(error)),
      )
      // Aedes tells what it cannot cope with as an 'error' event, which would end the process unheard.
      ;(aedes as NodeJS.EventEmitter).on('error', error =>
        refuse(null, undefined, undefined, messageOf(error)),
      )
      listeners = await listen(options, accept)
    },
    async stop() {
      await listeners?.close()
      const until = clock() + drainMs
      while (inFlight.messages > 0 && clock() < until) await new Promise(resolve => setTimeout(resolve, 10))
      await new Promise<void>(resolve => (aedes === undefined ? resolve() : aedes.close(resolve)))
      inFlight.stop()
    },
    sessions: () =>
      [...sessions].map(({ device, connectedAt, client }) => ({
        device,
        connectedAt,
        address: connections.get(client)?.socket.remoteAddress,
      })),
    stats: () => ({
      connected: sessions.size,
      inFlight: inFlight.messages,
      inFlightBytes: inFlight.bytes,
      pauses: inFlight.pauses,
      heldBack,
    }),
    command(device, command) {
      const connected = [...sessions].some(session => session.device === device)
      if (connected) send(device, command)
      return connected
    },
    refresh() {
      for (const session of sessions) {
        const device = registry.get(session.device)
        if (device === undefined || !device.enabled || device.tokenHash !== session.tokenHash)
          session.client.close()
        else session.place = device.place
      }
    },
  }
}

const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** What a stranger sent may end up in a log line or a terminal. */
function printable(text: string): string {
  return text
    .slice(0, 200)
    .replace(unprintable, char => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}
