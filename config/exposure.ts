import type { Config } from './schema.ts'

/** A listener on which tokens or passwords travel unencrypted beyond this machine. */
export interface PlainListener {
  /** Its key in the configuration. */
  readonly name: 'mqtt.tcp' | 'mqtt.websocket' | 'http'
  readonly host: string
  readonly port: number
}

/** True for an address that only this machine can reach. A host name other than localhost may resolve to any address: false. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i.test(host)

/**
 * Listeners beyond loopback without TLS that the operator has not accepted explicitly. For HTTP, a configured proxy
 * (`http.trustProxy`, or an `http.publicUrl` of https) counts as acceptance.
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

/** Text to follow the listener's name in a warning: the problem and the remedy. */
export function plaintextWarning({ name, host, port }: PlainListener): string {
  const where = `listens on ${host}:${port} without TLS: tokens travel in the clear`
  const section = name === 'http' ? 'http' : 'mqtt'
  const mend =
    name === 'http'
      ? 'put a proxy with TLS before it and set http.publicUrl'
      : 'use mqtt.tls, or websocket with tls'
  return `${where}; ${mend}, or set ${section}.acceptPlaintext where nobody else reaches that network`
}
