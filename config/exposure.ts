import type { Config } from './schema.ts'

/** Where a token or a password would travel in the clear beyond this machine. */
export interface PlainListener {
  /** As the configuration names it. */
  readonly name: 'mqtt.tcp' | 'mqtt.websocket' | 'http'
  readonly host: string
  readonly port: number
}

/** Whether only this machine can reach an address that is listened on. A name, other than localhost, may be any. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i.test(host)

/**
 * What listens beyond loopback without TLS and without a word of the operator that this is meant. HTTP behind a proxy that
 * is named (`http.trustProxy`, or an `http.publicUrl` of https) is meant.
 */
export function plainListeners({ mqtt, http }: Pick<Config, 'mqtt' | 'http'>): PlainListener[] {
  const { tcp, websocket } = mqtt
  const isBehindProxy = http.trustProxy.length > 0 || http.publicUrl?.startsWith('https:') === true
  const listeners: (PlainListener | false)[] = [
    !mqtt.acceptPlaintext && tcp !== false && { name: 'mqtt.tcp', ...addressOf(tcp) },
    !mqtt.acceptPlaintext &&
      websocket !== undefined &&
      websocket.tls === undefined && { name: 'mqtt.websocket', ...addressOf(websocket) },
    !http.acceptPlaintext && !isBehindProxy && { name: 'http', ...addressOf(http) },
  ]
  return listeners.filter(listener => listener !== false && !isLoopback(listener.host)) as PlainListener[]
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) => ({ host, port })

/** For people, behind the name of the listener: what it does, and what to do. */
export function plaintextWarning({ name, host, port }: PlainListener): string {
  const where = `listens on ${host}:${port} without TLS: tokens travel in the clear`
  const section = name === 'http' ? 'http' : 'mqtt'
  const mend =
    name === 'http'
      ? 'put a proxy with TLS before it and set http.publicUrl'
      : 'use mqtt.tls, or websocket with tls'
  return `${where}; ${mend}, or set ${section}.acceptPlaintext where nobody else reaches that network`
}
