import type { Writable } from 'node:stream'
import type { Aedes, Client, PublishPacket } from 'aedes'
import type { WebSocket } from 'ws'
import { unacceptableLevel } from './connect-faults.ts'
import { faultOfPacket, type ParsedPacket } from './packet-faults.ts'

/**
 * The undocumented parts of aedes 1.2.0, mqtt-packet 9 and ws 8 that we use. The versions are pinned, and the tests in
 * test/gateway fail if any of it changes.
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
  /** Bytes that are not parsed yet. */
  _list: { readUInt8(at: number): number; append(bytes: Buffer): unknown }
  /** The position up to which the body of the packet has been read. */
  _pos: number
  parse(bytes: Buffer): number
  _parseHeader(): boolean
  _parseLength(): boolean
  _newPacket(): boolean
  _emitError(error: Error): void
}

const internalsOf = (client: Client) => client as unknown as ClientInternals
const noBytes = Buffer.alloc(0)

/** Stops reading the socket. Packets that have been read already stop at the gate of `guardPackets`. */
export const pauseReading = (client: Client) => internalsOf(client).pause()

/** Continues with the packets behind the gate, then with the socket. */
export function resumeReading(client: Client): void {
  const internals = internalsOf(client)
  internals._paused = false
  internals._parser.parse(noBytes)
  if (internals._paused || internals._parsingBatch > 0) return
  internals._parsingBatch = 1
  internals._nextBatch()
}

/** Restarts the timer: a client whose acks wait for a slow disk is alive, but its pings are not read while it is paused. */
export const keepAlive = (client: Client) => void internalsOf(client)._keepaliveTimer?.refresh()

/** Takes the will of a client, so that aedes does not publish it. Undefined if there is none, or if the client said DISCONNECT. */
export function takeWill(client: Client): PublishPacket | undefined {
  const internals = client as unknown as { will: PublishPacket | null; _disconnected: boolean }
  const { will, _disconnected: saidGoodbye } = internals
  internals.will = null
  return will === null || saidGoodbye ? undefined : will
}

/** True if the client has sent DISCONNECT. */
export const saidGoodbye = (client: Client) => (client as unknown as { _disconnected: boolean })._disconnected

/** True if commands to this topic would reach the client. */
export const isSubscribed = (client: Client, topic: string) =>
  (client as unknown as { subscriptions: Record<string, unknown> }).subscriptions[topic] !== undefined

/** The stream on which answers to the client are written. */
export const outputOf = (client: Client) => client.conn as unknown as Writable

export interface PacketRules {
  /** True if the next packet may be parsed; if not, `resumeReading` continues later. */
  isOpen(isPublish: boolean): boolean
  /** Most bytes of a packet of this kind. */
  limitOf(cmd: string | undefined): number
  /** Makes the error that ends the connection. */
  onTooLarge(bytes: number, limit: number): Error
  /** Makes the error that ends the connection. */
  onMalformed(fault: string): Error
  /** Called before the error of a CONNECT with another protocol level ends the connection. */
  onOtherLevel(error: Error, level: number): void
}

const publishType = 3
/** Protocol levels of MQTT 3.1 and 3.1.1. */
const levels: readonly number[] = [3, 4]

/**
 * Guards the parser: lets one packet through at a time, since one read of a socket can hold thousands; and refuses a
 * packet whose header says that it is too long, before anything of it is buffered.
 */
export function guardPackets(
  client: Client,
  { isOpen, limitOf, onTooLarge, onMalformed, onOtherLevel }: PacketRules,
): void {
  const internals = internalsOf(client)
  const parser = internals._parser
  const nextBatch = internals._nextBatch
  // Aedes reads the socket again when it is done with all packets of a read, but does not count those that it finishes while it is paused.
  internals._nextBatch = error => {
    if (internals._paused && !error) internals._parsingBatch--
    else nextBatch(error)
  }
  // Skips the empty buffer with which `resumeReading` continues the parser. It would stay in the list until a packet is
  // complete: tens of thousands of them in front of a long packet took 0.6 s to remove.
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
    // Grants the QoS that it will get: commands and alerts come with QoS 1 at most.
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

/** Ws has one limit for all connections, and buffers a whole message before anybody sees it: sets the limit of one connection. */
export function limitMessages(websocket: WebSocket, maxBytes: number): void {
  const { _receiver } = websocket as unknown as { _receiver: { _maxPayload: number } }
  _receiver._maxPayload = maxBytes
}
