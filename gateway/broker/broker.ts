import type { AuthenticateError, Client, ConnectPacket, Subscription } from 'aedes'
import type { Clock } from '../../core/clock.ts'
import { codeOf, type ErrorCode, LintelError, messageOf } from '../../core/errors.ts'
import type { Part } from '../../core/lifecycle.ts'
import type { DeviceId } from '../../core/words.ts'
import { alertsTopic } from '../../devices/contract/topics.ts'
import type { Registry } from '../../devices/registry/registry.ts'
import type { Admit } from '../admit/admit.ts'
import type { Enroller } from '../admit/enroller.ts'
import { type Command, Feedback } from '../admit/feedback.ts'
import { Account } from './account.ts'
import { guardPackets, outputOf, resumeReading, takeWill } from './aedes-internals.ts'
import { createCommands } from './commands.ts'
import { faultOfConnect, unsupportedLevel } from './connect-faults.ts'
import { type Connection, endingOf, watchLeaving } from './connection.ts'
import { DeviceBroker } from './device-broker.ts'
import { identify } from './identity.ts'
import { InFlight, type InFlightLimits } from './in-flight.ts'
import { type KnockList, Knocks } from './knocks.ts'
import {
  type Connected,
  defaultIdentifyWithinMs,
  type ListenerOptions,
  type Listeners,
  listen,
  type RenewedFiles,
} from './listeners.ts'
import { PartingWords } from './parting-words.ts'
import { printable, shownTopic } from './printable.ts'
import { createPublishPath } from './publish-path.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { Takeovers } from './takeovers.ts'
import { Throttles, type Wait } from './throttle.ts'

export interface BrokerOptions extends ListenerOptions, InFlightLimits {}

export interface BrokerParts {
  admit: Admit
  registry: Registry
  /** Records where the devices of gateways stand. */
  enroller: Enroller
  clock: Clock
  /** CPU time that this thread has used, ms. */
  cpuMs?: () => number
  /** While it is false, no device is told the time. */
  isTimeSure?: () => boolean
  /** Called for refused connections and messages, which an operator should be able to find. */
  onRefusal: (refusal: Refusal) => void
  /** Called when a device has connected or is gone; not called for connections that end because the broker stops. */
  onConnection?: (connection: Connection) => void
  /** The command that tells gateways that report here how far the journal goes. */
  gatewayGreeting?: () => Command
}

export interface Refusal {
  readonly at: number
  readonly code: ErrorCode | undefined
  readonly reason: string
  readonly device: DeviceId | undefined
  readonly address: string | undefined
  /** Nobody has proved to be this device: it is only the id that a connection claimed. */
  readonly claimed?: boolean
}

export interface BrokerStats {
  readonly connected: number
  readonly inFlight: number
  readonly inFlightBytes: number
  /** Times a socket was left unread because too much was in flight. */
  readonly pauses: number
  /** Times a socket was left unread for another reason: too many packets or bytes, too much work, or unread answers. */
  readonly waits: Readonly<Record<Wait, number>>
  /** Answers that were not sent. */
  readonly heldBack: number
  /** Subscription filters that were denied. */
  readonly denied: number
  /** Silent connections that were closed to make room for others. */
  readonly displaced: number
}

export interface Broker extends Part {
  /** Empty while the broker lets nobody in. */
  readonly addresses: Listeners['addresses']
  /** See `Listeners.renew`. */
  renew(files: RenewedFiles): void
  sessions(): { device: DeviceId; connectedAt: number; address: string | undefined }[]
  stats(): BrokerStats
  /** Clients that were refused and have not been let in since. */
  knocks(): KnockList
  /** Sends a command; false if the device is not connected. */
  command(device: DeviceId, command: Command): boolean
  /** Tells every gateway how far this journal goes. */
  greetGateways(): void
  /**
   * Publishes what the displays of a site are to show, also for displays that connect later. Resolves once the broker has
   * it; the broker keeps it until it ends.
   */
  publishAlert(site: string, payload: string): Promise<void>
  /**
   * Applies changes of the registry: disconnects devices that were disabled or removed, or that have a new token or other
   * shown sites; gives moved devices their new place.
   */
  refresh(): void
}

/** Longest packet other than a PUBLISH: no client needs more bytes to identify itself or to subscribe. */
const maxControlBytes = 4096
const drainTimeoutMs = 10_000
/** Most filters that are denied on one connection; `maxDeniedTold` of them are reported to the operator one by one. */
const maxDenied = 100
const maxDeniedTold = 20
/** Most deliveries to displays under way at once: a display that reads slowly keeps its place for `drainTimeoutMs`. */
const concurrency = 10_000
/** A clean stop waits this long for acks under way. */
const stopWithinMs = 5000

export function createBroker(
  options: BrokerOptions,
  {
    admit,
    registry,
    enroller,
    clock,
    isTimeSure,
    cpuMs = threadCpuMs,
    onRefusal,
    onConnection = () => {},
    gatewayGreeting,
  }: BrokerParts,
): Broker {
  const connections = new WeakMap<Client, Connected>()
  const sessions = new Sessions()
  const inFlight = new InFlight(options)
  const throttles = new Throttles()
  const parting = new PartingWords()
  const takeovers = new Takeovers()
  const knocks = new Knocks()
  /** The protocol level that a CONNECT asked for, by the error of the parser. */
  const levels = new WeakMap<Error, number>()
  /** Connections whose CONNECT named no client id; aedes makes one up. */
  const nameless = new WeakSet<Client>()
  let denied = 0
  /** Errors that were reported: aedes emits the errors that it was given, too. */
  const told = new WeakSet<Error>()
  const isEnrolled = (device: string) => registry.get(device) !== undefined
  const shown = (topic: string) => shownTopic(topic, isEnrolled)
  const { greet, send, unsent } = createCommands({ sessions, throttles, parting, gatewayGreeting })
  let aedes: DeviceBroker
  let listeners: Listeners
  let isOpen = false

  function refuse(client: Client | null, cause: unknown, claimed?: string): Error {
    const error = cause instanceof Error ? cause : new Error(messageOf(cause))
    told.add(error)
    const session = sessions.of(client)
    const address = client === null ? undefined : connections.get(client)?.address
    refused(error, address, claimed ?? session?.device, claimed !== undefined)
    const ends = error instanceof LintelError && error.code !== 'SUBSCRIBE_DENIED'
    if (session !== undefined && ends) {
      session.ending ??= error.code
      parting.keep(session.device, error)
    }
    return error
  }

  /**
   * Refuses a client that has not proved its identity. The refusal names the claimed id only if it is a device of ours;
   * `knocks` lists it in any case.
   */
  function turnAway(client: Client, clientId: string, error: LintelError): Error {
    knocks.add(clientId, error.code, connections.get(client)?.address, clock())
    return refuse(client, error, isEnrolled(clientId) ? clientId : undefined)
  }

  function refused(error: unknown, address: string | undefined, device?: DeviceId, claimed = false): void {
    const what = { at: clock(), code: codeOf(error), reason: printable(messageOf(error)), device, address }
    onRefusal(claimed ? { ...what, claimed } : what)
  }

  function tell(
    is: Connection['is'],
    { device, connectedAt }: Session,
    { address, listener }: Connected,
    reason?: string,
  ): void {
    const ended = reason === undefined ? {} : { reason, forMs: clock() - connectedAt }
    onConnection({ is, device, address, listener, ...ended })
  }

  function accept(connected: Connected): void {
    const client = aedes.handle(connected.conn as never)
    connections.set(client, connected)
    const throttle = throttles.add(client, () => client.connecting || sessions.of(client)?.paused === true)
    const leaving = watchLeaving(connected.socket)
    connected.socket.once('close', () => {
      const session = sessions.remove(client)
      if (session !== undefined && isOpen)
        tell('gone', session, connected, endingOf(session, client, leaving()))
    })
    guardPackets(client, {
      // A device may send right behind its CONNECT, but its rights are known only once that is answered.
      isOpen: isPublish =>
        !client.connecting &&
        !client.closed &&
        sessions.of(client)?.paused !== true &&
        throttle.mayParse(isPublish),
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
      onMalformed: fault =>
        refuse(client, new LintelError('PACKET_MALFORMED', `a malformed packet: ${fault}`)),
      onOtherLevel: (error, level) => void levels.set(error, level),
    })
    client.once('connected', () => {
      connected.onIdentified?.()
      resumeReading(client)
    })
  }

  const publishPath = createPublishPath({
    admit,
    enroller,
    inFlight,
    sessions,
    throttles,
    cpuMs,
    refuse,
    shown,
  })

  const preConnect = (
    client: Client,
    packet: ConnectPacket,
    callback: (error: Error | null, ok: boolean) => void,
  ) => {
    // Sessions are not kept: a device that comes back subscribes again and resends what was not acked.
    packet.clean = true
    const { clientId } = packet
    if (clientId === '') nameless.add(client)
    const fault = faultOfConnect(packet, isEnrolled)
    if (fault === undefined) return callback(null, true)
    if (fault.answer !== undefined) outputOf(client).write(fault.answer)
    callback(turnAway(client, clientId, fault.error), false)
  }

  const authenticate = (
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ) => {
    // The client has gone while its CONNECT was being read: its session would never be removed.
    if (client.closed) return done(null, false)
    const { commonName } = connections.get(client)!
    const clientId = nameless.has(client) ? '' : client.id
    const answer = identify({ clientId, username, token: password, commonName }, registry.get)
    if ('device' in answer) {
      const { device } = answer
      const feedback = new Feedback(command => send(device.device, command), clock, isTimeSure)
      const weigh = (records: number) => session.weigh(records)
      const account = device.kind === 'gateway' ? new Account(device, registry, feedback, weigh) : undefined
      const session = new Session(client, device, feedback, clock(), account)
      const before = sessions.ofDevice(device.device)
      // Taken now, before the device can report that it is online again.
      const will = before && takeWill(before.client)
      const addressOf = (one: Client) => connections.get(one)?.address
      const fight =
        before && takeovers.note(device.device, addressOf(before.client), addressOf(client), clock())
      if (fight !== undefined) refused(fight, addressOf(client), device.device)
      knocks.letIn(device.device)
      if (will !== undefined && !before!.isDisplay) publishPath.leaveWill(before!, will)
      if (device.kind === 'gateway') throttles.of(client)?.share.isGateway()
      sessions.add(session)
      tell('connected', session, connections.get(client)!)
      // The last of several connections stays, whatever happens to the others.
      if (before !== undefined) end(before, 'another connection of this device took its place')
      return done(null, true)
    }
    const { code, reason, returnCode } = answer
    const error = turnAway(client, clientId, new LintelError(code, reason))
    done(Object.assign(error, { returnCode: returnCode as number }), false)
  }

  const authorizeSubscribe = (
    client: Client,
    subscription: Subscription,
    callback: (error: Error | null, subscription?: Subscription | null) => void,
  ) => {
    const session = sessions.of(client)
    if (session === undefined || !session.maySubscribe(subscription.topic)) {
      denied++
      const times = session === undefined ? 0 : ++session.denied
      if (times <= maxDenied) {
        if (times <= maxDeniedTold) refuse(client, deniedTo(session, shown(subscription.topic)))
        return callback(null, null)
      }
      const reason = `was denied ${times} topics on one connection: subscribe to ${session?.commandTopic} alone`
      return callback(refuse(client, new LintelError('SUBSCRIBE_LIMIT', reason)))
    }
    if (subscription.topic === session.commandTopic) setImmediate(greet, session)
    callback(null, { ...subscription, qos: Math.min(subscription.qos, 1) as 0 | 1 })
  }

  function end(session: Session, why: string): void {
    session.ending ??= why
    session.client.close()
  }

  return {
    name: 'broker',
    get addresses() {
      return isOpen ? listeners.addresses : {}
    },
    async start() {
      aedes = await DeviceBroker.create({
        preConnect, authenticate, authorizeSubscribe,
        authorizePublish: publishPath.receive,
        connectTimeout: options.identifyWithinMs ?? defaultIdentifyWithinMs, drainTimeout: drainTimeoutMs, maxClientsIdLength: 64, concurrency,
      }) // biome-ignore format: hooks, then limits
      const onError = (client: Client, error: Error) => {
        // An error after the connection has ended, or one of the network, is no refusal.
        if (told.has(error) || client.closed || 'syscall' in error) return
        const level = levels.get(error)
        refuse(client, level === undefined ? error : unsupportedLevel(level))
      }
      aedes.on('keepaliveTimeout', client => {
        const session = sessions.of(client)
        if (session !== undefined) session.ending ??= 'nothing came for one and a half times its keep-alive'
      })
      aedes.on('connectionError', onError)
      aedes.on('clientError', onError)
      // Aedes emits what it cannot handle as an 'error' event, which would end the process if nobody listened.
      ;(aedes as NodeJS.EventEmitter).on('error', error => refuse(null, error))
      listeners = await listen(options, { accept, refused })
      isOpen = true
    },
    async stop() {
      isOpen = false
      const closed = listeners?.close()
      await inFlight.drain(sessions.open, stopWithinMs)
      // The service stops, which says nothing about the devices: no wills are published.
      for (const { client } of sessions.open) takeWill(client)
      await new Promise<void>(resolve => (aedes === undefined ? resolve() : aedes.close(resolve)))
      listeners?.cut()
      await closed
    },
    renew: files => listeners.renew(files),
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
      waits: throttles.waits,
      heldBack: sessions.heldBack + unsent(),
      denied,
      displaced: listeners?.displaced() ?? 0,
    }),
    knocks: () => knocks.list(),
    command(device, command) {
      const isConnected = sessions.ofDevice(device) !== undefined
      if (isConnected) send(device, command)
      return isConnected
    },
    greetGateways() {
      if (gatewayGreeting === undefined) return
      for (const { account, device } of sessions.open)
        if (account !== undefined) send(device, gatewayGreeting())
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
          session.move(device)
          session.account?.follow(device)
        } else end(session, 'it was disabled, or its token or sites were changed')
      }
    },
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function deniedTo(session: Session | undefined, topic: string): LintelError {
  const alerts = session?.isDisplay ? ', and to alerts of its sites' : ''
  const reason = `may subscribe only to ${session?.commandTopic}${alerts}, not ${topic}`
  return new LintelError('SUBSCRIBE_DENIED', reason)
}
