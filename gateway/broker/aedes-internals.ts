import type { Client } from 'aedes'
import type { WebSocket } from 'ws'

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

interface ParserInternals {
  packet: { cmd?: string; length: number }
  parse(bytes: Buffer): number
  _parseHeader(): boolean
  _parseLength(): boolean
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

export interface PacketRules {
  /** Whether the next packet may be parsed; where not, `resumeReading` goes on later. */
  isOpen(): boolean
  /** The most bytes that a packet of this kind may have. */
  limitOf(cmd: string | undefined): number
  /** Makes the error that ends the connection. */
  onTooLarge(bytes: number, limit: number): Error
}

/**
 * Stands in front of the parser: one packet at a time, since one read of a socket can hold thousands;
 * and none that says in its header that it is too long, of which then nothing is buffered.
 */
export function guardPackets(client: Client, { isOpen, limitOf, onTooLarge }: PacketRules): void {
  const internals = internalsOf(client)
  const parser = internals._parser
  const nextBatch = internals._nextBatch
  // Aedes reads a socket when it is done with all packets of it, but does not count those that are done
  // while it is paused.
  internals._nextBatch = error => {
    if (internals._paused && !error) internals._parsingBatch--
    else nextBatch(error)
  }
  const parseHeader = parser._parseHeader
  const parseLength = parser._parseLength
  parser._parseHeader = function (this: ParserInternals) {
    return isOpen() && parseHeader.call(this)
  }
  parser._parseLength = function (this: ParserInternals) {
    const parsed = parseLength.call(this)
    const { cmd, length } = this.packet
    const limit = limitOf(cmd)
    if (!parsed || length <= limit) return parsed
    this._emitError(onTooLarge(length, limit))
    return false
  }
}

/** Ws takes one limit for all connections, and gathers a whole message before anybody sees it. */
export function limitMessages(websocket: WebSocket, maxBytes: number): void {
  const { _receiver } = websocket as unknown as { _receiver: { _maxPayload: number } }
  _receiver._maxPayload = maxBytes
}
