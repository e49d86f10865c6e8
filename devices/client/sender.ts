import type { Clock } from '../../core/clock.ts'
import type { DeviceId } from '../../core/words.ts'
import { eventTopic, snapshotTopic } from '../contract/topics.ts'
import type { Message, Outbox } from './outbox.ts'
import type { After } from './timers.ts'

/** Publishes at QoS 1; `acked` is called at the PUBACK, or never. */
export type Publish = (topic: string, payload: Buffer, acked: () => void) => void

export interface SenderOptions {
  device: DeviceId
  outbox: Outbox
  /** Most unacknowledged messages at a time. */
  window: number
  /** Most events in one message, as a JSON array. */
  batch: number
  ackTimeoutMs: number
  clock: Clock
  after: After
  /** Called when no PUBACK came within the time-out: the connection is useless. */
  onStuck(): void
  onAck(): void
  /** Called when nothing is left to send. */
  onEmpty(): void
  /** Called when an acknowledged message could not be removed; it will be sent once more. */
  onError(error: unknown): void
}

export interface Sender {
  /** A connection is up: sending begins again with the oldest message. */
  up(publish: Publish): void
  /** The connection is gone; unacknowledged messages are still in the outbox. */
  down(): void
  /** Sends nothing more on this connection, but still handles acknowledgements. */
  hold(): void
  /** A message was added. */
  wake(): void
  counters(): { inFlight: number; acked: number; resent: number }
}

const maxBatchBytes = 128 * 1024

/**
 * Sends the outbox, oldest first, and removes acknowledged messages. A message is sent once on a connection
 * [MQTT-4.4.0-1]; if its PUBACK does not come in time, the connection is cut, and the next one begins with the oldest
 * message again. So the order holds, and a message that is sent again has the same bytes and the same id, which the
 * gateway stores once.
 */
export function createSender(options: SenderOptions): Sender {
  const { device, outbox, window, batch, ackTimeoutMs, clock, after } = options
  let publish: Publish | undefined
  /** Unacknowledged messages, oldest first. Each connection has a new map, so that an answer from an old one finds nothing. */
  let flights = new Map<number, { positions: number[]; sentAt: number }>()
  let sent = 0
  let sentEver = 0
  let serial = 0
  let woken = false
  let cancelTimeout: (() => void) | undefined
  let acked = 0
  let resent = 0

  function wake(): void {
    if (woken) return
    woken = true
    // Not at once: events added in the same turn can share a message.
    setImmediate(() => {
      woken = false
      pump()
    })
  }

  function pump(): void {
    while (publish !== undefined && flights.size < window) {
      const messages = outbox.oldest({ after: sent, records: batch, bytes: maxBatchBytes })
      if (messages.length === 0) return
      send(publish, messages)
    }
  }

  function send(via: Publish, messages: Message[]): void {
    const first = messages[0]!
    const firstSnapshot = messages.findIndex(message => message.kind === 'snapshot')
    if (firstSnapshot >= 0) messages.length = Math.max(firstSnapshot, 1)
    const positions = messages.map(message => message.position)
    for (const position of positions) if (position <= sentEver) resent++
    sent = positions.at(-1)!
    sentEver = Math.max(sentEver, sent)
    const mine = flights
    const flight = ++serial
    mine.set(flight, { positions, sentAt: clock() })
    watch()
    const topic = first.kind === 'snapshot' ? snapshotTopic(device, first.id) : eventTopic(device)
    via(topic, messages.length === 1 ? first.payload : arrayOf(messages), () => {
      if (mine === flights && mine.delete(flight)) settle(positions)
    })
  }

  function settle(positions: number[]): void {
    acked += positions.length
    options.onAck()
    outbox.remove(positions).then(() => {
      if (outbox.size() === 0) options.onEmpty()
    }, options.onError)
    wake()
  }

  /** One timer for all messages: it checks the oldest, and sleeps for the rest of its time-out. */
  function watch(): void {
    if (cancelTimeout !== undefined) return
    const oldest = flights.values().next().value
    if (oldest === undefined) return
    cancelTimeout = after(Math.max(0, oldest.sentAt + ackTimeoutMs - clock()), () => {
      cancelTimeout = undefined
      const now = flights.values().next().value
      if (now !== undefined && clock() - now.sentAt >= ackTimeoutMs) options.onStuck()
      else watch()
    })
  }

  return {
    up(via) {
      publish = via
      sent = 0
      pump()
    },
    down() {
      publish = undefined
      flights = new Map()
      cancelTimeout?.()
      cancelTimeout = undefined
    },
    hold() {
      publish = undefined
    },
    wake,
    counters: () => ({ inFlight: flights.size, acked, resent }),
  }
}

function arrayOf(messages: readonly Message[]): Buffer {
  const parts: Buffer[] = []
  for (const { payload } of messages) parts.push(parts.length === 0 ? opening : comma, payload)
  parts.push(closing)
  return Buffer.concat(parts)
}

const opening = Buffer.from('[')
const comma = Buffer.from(',')
const closing = Buffer.from(']')
