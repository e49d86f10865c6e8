import type { TLSSocket } from 'node:tls'
import { LintelError } from '../../core/errors.ts'

const texts: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the device does not trust our certificate: it must know the CA that signed it',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the device does not accept our certificate: see its CA, the name it connects to, and its clock',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'the device does not accept our certificate: see its CA, the name it connects to, and its clock',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the device says that our certificate has expired: see its end, and the clock of the device',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the device refuses our versions of TLS, 1.2 and 1.3',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the device offers only versions of TLS before 1.2',
  ERR_SSL_WRONG_VERSION_NUMBER: 'this is no TLS: MQTT without TLS on the port of TLS?',
  ERR_SSL_HTTP_REQUEST: 'this is HTTP, not TLS',
  ERR_SSL_NO_SHARED_CIPHER: 'the device offers no cipher that is allowed here',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the device shows no certificate, and mqtt requires one',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it was not done in time',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the device is of another CA than clientCaFile',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the device is of another CA than clientCaFile',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the device is signed by itself, not by the CA of clientCaFile',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the device is of another CA than clientCaFile',
  CERT_HAS_EXPIRED: 'the certificate of the device has expired',
  CERT_NOT_YET_VALID: 'the certificate of the device is not yet valid: see the clock of this machine',
} // biome-ignore format: a table

/** Says why a TLS handshake with a device failed, with OpenSSL's own name for it; undefined if the device only left. */
export function handshakeFault(error: Error, { authorizationError }: TLSSocket): LintelError | undefined {
  // For a certificate that it did not accept, Node reports only that the connection was reset.
  const cause = authorizationError ? String(authorizationError) : (error as NodeJS.ErrnoException).code
  // A port scan or a health check.
  if (cause === 'ECONNRESET') return undefined
  const name = cause ?? 'no reason is known'
  const text = texts[name]
  return new LintelError('CONNECT_TLS', `no TLS: ${text === undefined ? name : `${text} (${name})`}`)
}

/** A connection that was reset has no address any more; the socket below it was asked when it came. */
export function addressOf(socket: TLSSocket): string | undefined {
  const below = Reflect.get(socket, '_parent') as { remoteAddress?: string } | undefined
  return socket.remoteAddress ?? below?.remoteAddress
}
