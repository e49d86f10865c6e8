import { randomBytes } from 'node:crypto'
import type { MqttClient } from 'mqtt'
import type { Backoff } from '../../core/backoff.ts'
import { type Clock, hourMs, minuteMs, secondMs, systemClock } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { DeviceId, EventId } from '../../core/words.ts'
import type { DeviceEvent } from '../contract/kinds.ts'
import { commandTopic, maxEventsPerMessage, statusTopic } from '../contract/topics.ts'
import { isEventId } from '../contract/validate.ts'
import { type Command, parseCommand } from './command.ts'
import { type ConnectionState, createConnection, type TlsOptions } from './connection.ts'
import { createMemoryOutbox } from './memory-outbox.ts'
import type { Outbox, OutboxCounters, OutboxLimits } from './outbox.ts'
import { createSender, type Publish } from './sender.ts'
import { openSqliteOutbox } from './sqlite-outbox.ts'
import { type After, systemAfter } from './timers.ts'

/** An event as a device reports it. The client fills in a missing id, and the present time if there is none. */
export type NewEvent = DeviceEvent extends infer E
  ? E extends DeviceEvent
    ? Omit<E, 'id' | 'time'> & { id?: EventId; time?: string }
    : never
  : never

export interface DeviceClientOptions {
  /** Address of a broker, such as mqtts://gateway.example:8883. */
  url: string
  device: DeviceId
  token: string
  /** The directory of the outbox. Without it (and without `outbox`) events are in memory, and lost at exit. */
  directory?: string
  limits?: OutboxLimits
  /** Used instead of `directory`; it stays open when the client closes. */
  outbox?: Outbox
  firmware?: string
  tls?: TlsOptions
  keepaliveS?: number
  /**
   * Most unacknowledged messages at a time; a gateway stops reading from a device at 64. Messages are sent in order, and
   * sent again in order. If a gateway fails to store one and stores the next, they are stored out of order. Events carry
   * their time, so this rarely matters; if it does, use 1.
   */
  window?: number
  /** Most waiting events that are sent in one array; 1 sends each alone. */
  batch?: number
  /** If no PUBACK comes for this long, the connection is cut and everything is sent again. */
  ackTimeoutMs?: number
  connectTimeoutMs?: number
  backoff?: Backoff
  /** Used after the broker refused the id or the token: trying again soon would change nothing. */
  refusedBackoff?: Backoff
  maxSnapshotBytes?: number
  onCommand?(command: Command): void
  onState?(state: ConnectionState): void
  /** An acknowledged message could not be removed, or the command topic was denied: nothing is lost, but somebody should look. */
  onError?(error: unknown): void
  clock?: Clock
  random?: () => number
  after?: After
}

export interface DeviceClientCounters extends OutboxCounters {
  readonly queued: number
  readonly queuedBytes: number
  /** Messages sent and not yet acknowledged. */
  readonly inFlight: number
  readonly acked: number
  readonly resent: number
  /** Refusals received on the command topic. */
  readonly refusals: number
  readonly connects: number
  readonly refusedConnects: number
}

export interface DeviceClient {
  /** Resolves with the event's id once it is in the outbox. Throws EVENT_ID_INVALID, EVENT_INVALID, OUTBOX_FULL. */
  publish(event: NewEvent): Promise<EventId>
  /**
   * Resolves once the JPEG is in the outbox; its bytes must not change after the call.
   * Throws EVENT_ID_INVALID, SNAPSHOT_EMPTY, SNAPSHOT_NOT_JPEG, SNAPSHOT_TOO_LARGE, OUTBOX_FULL.
   */
  snapshot(event: EventId, jpeg: Buffer): Promise<void>
  connected(): boolean
  /** Resolves once everything was acknowledged; rejects if the client is closed before. */
  drained(): Promise<void>
  counters(): DeviceClientCounters
  /**
   * Publishes the status offline and disconnects. Unacknowledged messages stay in the outbox for the next start. Without
   * `goodbye` the connection ends as by a power cut, and the broker publishes the will.
   */
  close(options?: { goodbye?: boolean }): Promise<void>
}

const maxEventBytes = 64 * 1024
const goodbyeMs = 2 * secondMs

/** Connects at once, and keeps trying until it is closed. Events may be published before it is connected. */
export function createDeviceClient(options: DeviceClientOptions): DeviceClient {
  const { device, clock = systemClock, after = systemAfter, maxSnapshotBytes = 1024 * 1024 } = options
  const outbox = options.outbox ?? openOutbox(options)
  const bootId = randomBytes(6).toString('hex')
  let events = 0
  let refusals = 0
  let connects = 0
  let refusedConnects = 0
  let closed = false
  let link: MqttClient | undefined
  const waiting: { resolve(): void; reject(error: Error): void }[] = []

  const sender = createSender({
    device,
    outbox,
    window: options.window ?? 16,
    batch: Math.min(options.batch ?? 1, maxEventsPerMessage),
    ackTimeoutMs: options.ackTimeoutMs ?? 20 * secondMs,
    clock,
    after,
    onStuck: () => connection.cut('no PUBACK in time'),
    onAck: () => connection.proven(),
    onEmpty() {
      for (const { resolve } of waiting.splice(0)) resolve()
    },
    onError: error => options.onError?.(error),
  })

  const connection = createConnection({
    url: options.url,
    device,
    token: options.token,
    tls: options.tls ?? {},
    keepaliveS: options.keepaliveS ?? 60,
    connectTimeoutMs: options.connectTimeoutMs ?? 20 * secondMs,
    backoff: options.backoff ?? { firstMs: secondMs, maxMs: minuteMs },
    refusedBackoff: options.refusedBackoff ?? { firstMs: 5 * minuteMs, maxMs: hourMs },
    will: { topic: statusTopic(device), payload: statusOf('offline') },
    clock,
    random: options.random ?? Math.random,
    after,
    onUp(client) {
      link = client
      connects++
      // Subscribes first, so that no refusal of the following messages is missed.
      client.subscribe(commandTopic(device), { qos: 1 }, (error, granted) => {
        if (error == null && granted?.[0]?.qos !== 128) return
        options.onError?.(
          new LintelError('SUBSCRIBE_DENIED', 'the command topic was denied', { cause: error }),
        )
      })
      client.publish(statusTopic(device), statusOf('online'), { qos: 1, retain: true }, () => {})
      sender.up(publishVia(client))
    },
    onDown() {
      link = undefined
      sender.down()
    },
    onMessage(topic, payload) {
      const command = topic === commandTopic(device) ? parseCommand(payload) : undefined
      if (command === undefined) return
      if (command.type === 'refusal') refusals++
      options.onCommand?.(command)
    },
    onState(state) {
      if (state.state === 'refused') refusedConnects++
      options.onState?.(state)
    },
  })

  function statusOf(state: 'online' | 'offline'): Buffer {
    const { firmware } = options
    return Buffer.from(JSON.stringify(firmware === undefined ? { state } : { state, firmware }))
  }

  function assertOpen(): void {
    if (closed) throw new LintelError('CLIENT_CLOSED', 'the client is closed')
  }

  function assertEventId(id: EventId): void {
    if (!isEventId(id)) throw new LintelError('EVENT_ID_INVALID', 'the id breaks the contract')
  }

  connection.open()

  return {
    async publish(event) {
      assertOpen()
      const { id = `${bootId}-${++events}`, type, time = formatRfc3339(clock()), data } = event
      assertEventId(id)
      const payload = Buffer.from(JSON.stringify({ id, type, time, data }))
      if (payload.length > maxEventBytes) throw new LintelError('EVENT_INVALID', 'the event is too large')
      await outbox.add({ kind: type === 'health' ? 'health' : 'event', id, payload })
      sender.wake()
      return id
    },
    async snapshot(event, jpeg) {
      assertOpen()
      assertEventId(event)
      if (jpeg.length === 0) throw new LintelError('SNAPSHOT_EMPTY', 'the snapshot is empty')
      if (jpeg.length > maxSnapshotBytes)
        throw new LintelError('SNAPSHOT_TOO_LARGE', 'the snapshot is too large')
      if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8)
        throw new LintelError('SNAPSHOT_NOT_JPEG', 'the snapshot is no JPEG')
      await outbox.add({ kind: 'snapshot', id: event, payload: jpeg })
      sender.wake()
    },
    connected: () => link !== undefined,
    async drained() {
      assertOpen()
      if (outbox.size() === 0) return
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
    },
    counters: () => ({
      queued: outbox.size(),
      queuedBytes: outbox.bytes(),
      ...sender.counters(),
      refusals,
      connects,
      refusedConnects,
      ...outbox.counters(),
    }),
    async close({ goodbye = true } = {}) {
      if (closed) return
      closed = true
      sender.hold()
      for (const { reject } of waiting.splice(0))
        reject(new LintelError('CLIENT_CLOSED', 'the client was closed before everything was sent'))
      const said = goodbye && link !== undefined && (await sayOffline(link))
      await connection.close(said)
      if (options.outbox === undefined) await outbox.close()
    },
  }

  /** The status is the last message, so its PUBACK means that everything before it was acknowledged, too. */
  function sayOffline(client: MqttClient): Promise<boolean> {
    return new Promise(resolve => {
      const answer = (said: boolean) => {
        cancel()
        resolve(said)
      }
      const cancel = after(goodbyeMs, () => resolve(false))
      client.once('close', () => answer(false))
      client.publish(statusTopic(device), statusOf('offline'), { qos: 1, retain: true }, error =>
        answer(error == null),
      )
    })
  }
}

/** The callback may come with an error, or never: only a PUBACK counts, and the sender has its own time-out. */
function publishVia(client: MqttClient): Publish {
  return (topic, payload, acked) =>
    client.publish(topic, payload, { qos: 1 }, error => {
      if (error == null) acked()
    })
}

function openOutbox({ directory, limits }: DeviceClientOptions): Outbox {
  if (directory === undefined) return createMemoryOutbox(limits)
  return openSqliteOutbox(limits === undefined ? { directory } : { directory, limits })
}
