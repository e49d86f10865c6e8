import type { Client } from 'aedes'

/**
 * What we use of aedes 1.2.0 and mqtt-packet 9 that they do not document. The version is pinned, and
 * test/gateway/broker*.test.ts fail if any of it changes.
 */
interface ClientInternals {
  pause(): void
  resume(): void
  _keepaliveTimer: NodeJS.Timeout | null
  _parser: ParserInternals
}

interface ParserInternals {
  packet: { cmd?: string; length: number }
  _parseLength(): boolean
  _emitError(error: Error): void
}

const internalsOf = (client: Client) => client as unknown as ClientInternals

export const pauseReading = (client: Client) => internalsOf(client).pause()
export const resumeReading = (client: Client) => internalsOf(client).resume()

/** A client whose acks wait for a slow disk is alive, but its pings are not read while it is paused. */
export const keepAlive = (client: Client) => void internalsOf(client)._keepaliveTimer?.refresh()

/** Ends a connection whose packet says in its header that it is longer than `limitOf()`: nothing of it is buffered. */
export function limitPackets(
  client: Client,
  limitOf: () => number,
  onTooLarge: () => void,
): void {
  const parser = internalsOf(client)._parser
  const parseLength = parser._parseLength
  parser._parseLength = function (this: ParserInternals) {
    const parsed = parseLength.call(this)
    const limit = limitOf()
    if (parsed && this.packet.length > limit) {
      onTooLarge()
      this._emitError(new Error(`packet too large: ${this.packet.length} bytes where ${limit} are allowed`))
      return false
    }
    return parsed
  }
}
