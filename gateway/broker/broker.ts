import type { AuthenticateError, Client, ConnectPacket, Subscription } from 'aedes'
import type { Clock } from '../../core/clock.ts'
import { codeOf, type ErrorCode, LintelError, messageOf } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { DeviceId } from '../../core/words.ts'
import { alertsTopic, commandTopic, statusTopic } from '../../devices/contract/topics.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { Admit } from '../admit/admit.ts'
import type { Enroller } from '../admit/enroller.ts'
import { type Command, Feedback } from '../admit/feedback.ts'
import { Account, ForeignDevice } from './account.ts'
import { guardPackets, resumeReading } from './aedes-internals.ts'
import { DeviceBroker } from './device-broker.ts'
import { identify } from './identity.ts'
import { InFlight, type InFlightLimits } from './in-flight.ts'
import {
  type Connected,
  defaultIdentifyWithinMs,
  type ListenerOptions,
  type Listeners,
  listen,
} from './listeners.ts'
import { PartingWords } from './parting-words.ts'
import { printable } from './printable.ts'
import { createPublishPath } from './publish-path.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'

export interface BrokerOptions extends ListenerOptions, InFlightLimits {}

export interface BrokerParts {
  admit: Admit
  registry: Registry
  /** Takes down what gateways say of where their devices stand. */
  enroller: Enroller
  clock: Clock
  /** While it is false, no device is told the time. */
  isTimeSure?: () => boolean
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
  /**
   * Gives the displays of a site what they are to show, and those that come later. Resolves once the broker has it,
   * which keeps it until it ends.
   */
  publishAlert(site: string, payload: string): Promise<void>
  /**
   * Follows the registry: those disabled, with a new token or shown other sites are disconnected, those moved are
   * placed anew.
   */
  refresh(): void
}

/** Only a PUBLISH may be longer: nobody has to say who they are, or what they subscribe to, in more bytes. */
const maxControlBytes = 4096
const drainTimeoutMs = 10_000
/** A clean stop waits so long for acks under way. */
const stopWithinMs = 5000

export function createBroker(
  options: BrokerOptions,
  { admit, registry, enroller, clock, isTimeSure, onRefusal }: BrokerParts,
): Broker {
  const connections = new WeakMap<Client, Connected>()
  const sessions = new Sessions()
  const inFlight = new InFlight(options)
  const parting = new PartingWords()
  /** Aedes reports the errors that it was given, too. */
  const told = new WeakSet<Error>()
  let aedes: DeviceBroker
  let listeners: Listeners

  function refuse(client: Client | null, cause: unknown, device = sessions.of(client)?.device): Error {
    const error = cause instanceof Error ? cause : new Error(messageOf(cause))
    told.add(error)
    refused(error, client === null ? undefined : connections.get(client)?.address, device)
    const session = sessions.of(client)
    const ends = error instanceof LintelError && error.code !== 'SUBSCRIBE_DENIED'
    if (session !== undefined && ends) parting.keep(session.device, error)
    return error
  }

  function refused(error: unknown, address: string | undefined, device?: DeviceId): void {
    onRefusal({ at: clock(), code: codeOf(error), reason: printable(messageOf(error)), device, address })
  }

  function accept(connected: Connected): void {
    const client = aedes.handle(connected.conn as never)
    connections.set(client, connected)
    connected.socket.once('close', () => sessions.remove(client))
    guardPackets(client, {
      // A device may send at once behind its CONNECT; what it may send is known when that is answered.
      isOpen: () => !client.connecting && !client.closed && sessions.of(client)?.paused !== true,
      limitOf: cmd =>
        cmd === 'publish' && sessions.of(client) !== undefined ? options.maxPacketBytes : maxControlBytes,
      onTooLarge(bytes, limit) {
        const device = sessions.of(client)?.device
        if (device !== undefined) admit.refused(device, 'snapshot')
        return refuse(
          client,
          new LintelError('PACKET_TOO_LARGE', `a packet of ${bytes} bytes where ${limit} are allowed`),
        )
      },
    })
    client.once('connected', () => {
      connected.onIdentified?.()
      resumeReading(client)
    })
  }

  const preConnect = (
    client: Client,
    packet: ConnectPacket,
    callback: (error: Error | null, ok: boolean) => void,
  ) => {
    // Sessions are not kept: a device that comes back subscribes again and sends again what was not acked.
    packet.clean = true
    const { will, clientId } = packet
    if (!will || will.topic === statusTopic(clientId)) return callback(null, true)
    const reason = `the will of ${printable(clientId)} must be its own status topic`
    callback(refuse(client, new LintelError('PUBLISH_TOPIC_FOREIGN', reason)), false)
  }

  const authenticate = (
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ) => {
    // Gone while its CONNECT was being read: a session would never be removed.
    if (client.closed) return done(null, false)
    const { commonName } = connections.get(client)!
    const answer = identify({ clientId: client.id, username, token: password, commonName }, registry.get)
    if ('device' in answer) {
      const { device } = answer
      const feedback = new Feedback(command => send(device.device, command), clock, isTimeSure)
      const account = device.kind === 'gateway' ? new Account(device, registry, feedback) : undefined
      sessions.add(new Session(client, device, feedback, clock(), account))
      return done(null, true)
    }
    const { code, reason, returnCode } = answer
    const error = refuse(client, new LintelError(code, reason), printable(client.id))
    done(Object.assign(error, { returnCode: returnCode as number }), false)
  }

  const authorizeSubscribe = (
    client: Client,
    subscription: Subscription,
    callback: (error: Error | null, subscription?: Subscription | null) => void,
  ) => {
    const session = sessions.of(client)
    if (session === undefined || !session.maySubscribe(subscription.topic)) {
      const alerts = session?.isDisplay ? ', and to alerts of its sites' : ''
      const reason = `may subscribe only to ${session?.commandTopic}${alerts}, not ${subscription.topic}`
      refuse(client, new LintelError('SUBSCRIBE_DENIED', reason))
      return callback(null, null)
    }
    if (subscription.topic === session.commandTopic) setImmediate(greet, session)
    callback(null, { ...subscription, qos: Math.min(subscription.qos, 1) as 0 | 1 })
  }

  /** It listens: now it can be told the time, and why it was disconnected. */
  function greet(session: Session): void {
    session.feedback.tellTime()
    const word = parting.take(session.device)
    const about = word instanceof ForeignDevice ? word.about : undefined
    if (word !== undefined) session.feedback.refuse(word.code, word.message, undefined, about)
  }

  function send(device: DeviceId, command: Command): void {
    const payload = JSON.stringify(command)
    aedes.publish(
      { cmd: 'publish', topic: commandTopic(device), payload, qos: 1, retain: false, dup: false },
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
        preConnect, authenticate, authorizeSubscribe,
        authorizePublish: createPublishPath({ admit, enroller, inFlight, sessions, refuse }),
        connectTimeout: options.identifyWithinMs ?? defaultIdentifyWithinMs, drainTimeout: drainTimeoutMs, maxClientsIdLength: 64,
      }) // biome-ignore format: hooks, then limits
      const onError = (client: Client, error: Error) => {
        // What follows from a connection that has ended, or is an error of the network, is nobody's refusal.
        if (!told.has(error) && !client.closed && !('syscall' in error)) refuse(client, error)
      }
      aedes.on('connectionError', onError)
      aedes.on('clientError', onError)
      // Aedes tells what it cannot cope with as an 'error' event, which would end the process unheard.
      ;(aedes as NodeJS.EventEmitter).on('error', error => refuse(null, error))
      listeners = await listen(options, { accept, refused, identified: () => sessions.open.size })
    },
    async stop() {
      const closed = listeners?.close()
      await inFlight.drain(sessions.open, stopWithinMs)
      await new Promise<void>(resolve => (aedes === undefined ? resolve() : aedes.close(resolve)))
      listeners?.cut()
      await closed
    },
    sessions: () =>
      [...sessions.open].map(({ device, connectedAt, client }) => ({
        device,
        connectedAt,
        address: connections.get(client)?.address,
      })),
    stats: () => ({
      connected: sessions.open.size,
      inFlight: inFlight.messages,
      inFlightBytes: inFlight.bytes,
      pauses: inFlight.pauses,
      heldBack: sessions.heldBack,
    }),
    command(device, command) {
      const isConnected = sessions.ofDevice(device) !== undefined
      if (isConnected) send(device, command)
      return isConnected
    },
    publishAlert(site, payload) {
      const topic = alertsTopic(site)
      return new Promise((resolve, reject) =>
        aedes.publish(
          { cmd: 'publish', topic, payload, qos: 1, retain: true, dup: false },
          (error?: Error | null) => (error ? reject(error) : resolve()),
        ),
      )
    },
    refresh() {
      for (const session of sessions.open) {
        const device = registry.get(session.device)
        if (device !== undefined && session.mayStay(device)) {
          session.place = device.place
          session.account?.follow(device)
        } else session.client.close()
      }
    },
  }
}
