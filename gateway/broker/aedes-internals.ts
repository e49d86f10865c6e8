import type { Writable } from 'node:stream'
import type { Aedes, Client, PublishPacket } from 'aedes'
import type { WebSocket } from 'ws'
import { unacceptableLevel } from './connect-faults.ts'
import { faultOfPacket, type ParsedPacket } from './packet-faults.ts'

/**
 * What we use of aedes 1.2.0, mqtt-packet 9 and ws 8 that they do not document. The versions are
 * pinned, and the tests in test/gateway fail if any of it changes.
 */
interface ClientInternals {
  _paused: boolean
  _parsingBatch: number
  _nextBatch(error?: Error): void
  pause(): void
  _keepaliveTimer: NodeJS.Timeout | null
  _parser: ParserInternals
}

interface BrokerInternals {
  readonly clients: Record<string, Client>
  connectedClients: number
  unregisterClient(client: Client): void
  _finishRegisterClient(client: Client): void
}

export const brokerInternalsOf = (broker: Aedes) => broker as unknown as BrokerInternals

interface ParserInternals extends NodeJS.EventEmitter {
  packet: ParsedPacket
  error: Error | null
  /** Bytes that are not worked off. */
  _list: { readUInt8(at: number): number; append(bytes: Buffer): unknown }
  /** How far the body of the packet has been read. */
  _pos: number
  parse(bytes: Buffer): number
  _parseHeader(): boolean
  _parseLength(): boolean
  _newPacket(): boolean
  _emitError(error: Error): void
}

const internalsOf = (client: Client) => client as unknown as ClientInternals
const noBytes = Buffer.alloc(0)

/** Leaves the socket unread. Packets that have been read already stop at the gate of `guardPackets`. */
export const pauseReading = (client: Client) => internalsOf(client).pause()

/** Goes on with what waits behind the gate, then with the socket. */
export function resumeReading(client: Client): void {
  const internals = internalsOf(client)
  internals._paused = false
  internals._parser.parse(noBytes)
  if (internals._paused || internals._parsingBatch > 0) return
  internals._parsingBatch = 1
  internals._nextBatch()
}

/** A client whose acks wait for a slow disk is alive, but its pings are not read while it is paused. */
export const keepAlive = (client: Client) => void internalsOf(client)._keepaliveTimer?.refresh()

/** The will that it has not left yet; aedes will not leave it, either. */
export function takeWill(client: Client): PublishPacket | undefined {
  const internals = client as unknown as { will: PublishPacket | null; _disconnected: boolean }
  const { will, _disconnected: saidGoodbye } = internals
  internals.will = null
  return will === null || saidGoodbye ? undefined : will
}

/** Whether it has sent DISCONNECT. */
export const saidGoodbye = (client: Client) => (client as unknown as { _disconnected: boolean })._disconnected

/** Whether commands to this topic would reach it. */
export const isSubscribed = (client: Client, topic: string) =>
  (client as unknown as { subscriptions: Record<string, unknown> }).subscriptions[topic] !== undefined

/** Where answers to the client are written. */
export const outputOf = (client: Client) => client.conn as unknown as Writable

export interface PacketRules {
  /** Whether the next packet may be parsed; where not, `resumeReading` goes on later. */
  isOpen(isPublish: boolean): boolean
  /** The most bytes that a packet of this kind may have. */
  limitOf(cmd: string | undefined): number
  /** Makes the error that ends the connection. */
  onTooLarge(bytes: number, limit: number): Error
  /** Makes the error that ends the connection. */
  onMalformed(fault: string): Error
  /** Told before the error of a CONNECT that asks for another protocol level ends the connection. */
  onOtherLevel(error: Error, level: number): void
}

const publishType = 3
/** Protocol levels of MQTT 3.1 and 3.1.1. */
const levels: readonly number[] = [3, 4]

/**
 * Stands in front of the parser: one packet at a time, since one read of a socket can hold thousands;
 * and none that says in its header that it is too long, of which then nothing is buffered.
 */
export function guardPackets(
  client: Client,
  { isOpen, limitOf, onTooLarge, onMalformed, onOtherLevel }: PacketRules,
): void {
  const internals = internalsOf(client)
  const parser = internals._parser
  const nextBatch = internals._nextBatch
  // Aedes reads a socket when it is done with all packets of it, but does not count those that are done
  // while it is paused.
  internals._nextBatch = error => {
    if (internals._paused && !error) internals._parsingBatch--
    else nextBatch(error)
  }
  // The empty buffer with which `resumeReading` makes it go on would stay in the list until a packet is whole: tens of
  // thousands of them, in front of a long one, took 0.6 s to be removed.
  const list = parser._list
  const { append } = list
  list.append = bytes => (bytes.length === 0 ? list : append.call(list, bytes))
  const parseHeader = parser._parseHeader
  const parseLength = parser._parseLength
  parser._parseHeader = function (this: ParserInternals) {
    return isOpen(this._list.readUInt8(0) >> 4 === publishType) && parseHeader.call(this)
  }
  parser._parseLength = function (this: ParserInternals) {
    const parsed = parseLength.call(this)
    const { cmd, length } = this.packet
    const limit = limitOf(cmd)
    if (!parsed || length <= limit) return parsed
    this._emitError(onTooLarge(length, limit))
    return false
  }
  const newPacket = parser._newPacket
  parser._newPacket = function (this: ParserInternals) {
    const { packet } = this
    const fault = faultOfPacket(packet, this._pos)
    if (fault !== undefined) {
      this._emitError(onMalformed(fault))
      return false
    }
    // It is granted what it will get: commands and alerts come with QoS 1 at most.
    if (packet.cmd === 'subscribe') for (const each of packet.subscriptions!) if (each.qos > 1) each.qos = 1
    return newPacket.call(this)
  }
  parser.prependListener('error', (error: Error) => {
    const { cmd, protocolVersion } = parser.packet
    const isOther = cmd === 'connect' && protocolVersion !== undefined && !levels.includes(protocolVersion)
    const isFirst = !client.connecting && !client.connected && !client.closed
    if (!isOther || !isFirst) return
    outputOf(client).write(unacceptableLevel)
    onOtherLevel(error, protocolVersion)
  })
}

/** Ws takes one limit for all connections, and gathers a whole message before anybody sees it. */
export function limitMessages(websocket: WebSocket, maxBytes: number): void {
  const { _receiver } = websocket as unknown as { _receiver: { _maxPayload: number } }
  _receiver._maxPayload = maxBytes
}
