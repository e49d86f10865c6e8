import type { ErrorCode } from '../../core/errors.ts'
import { deviceIdPattern } from '../../core/words.ts'
import type { Device } from '../../devices/registry/device.ts'
import { tokenMatches } from '../../devices/registry/token.ts'
import { shapeOf } from './printable.ts'

export interface Credentials {
  readonly clientId: string
  readonly username: string | undefined
  readonly token: Buffer | undefined
  /** Common name of a client certificate that our CA has signed; undefined without one. */
  readonly commonName: string | undefined
}

export interface Identified {
  readonly device: Device
}

export interface Refused {
  readonly code: ErrorCode
  readonly reason: string
  /** MQTT 3.1.1 table 3.1: 2 identifier rejected, 4 bad user name or password, 5 not authorized. */
  readonly returnCode: 2 | 4 | 5
}

const deviceId = new RegExp(deviceIdPattern)

/**
 * Identifies a client that connects. Client id, user name and certificate must have one name, so that nobody can take
 * over another's session. The device is told only the return code; the reason is for the operator.
 */
export function identify(
  { clientId, username, token, commonName }: Credentials,
  find: (device: string) => Device | undefined,
): Identified | Refused {
  if (!deviceId.test(clientId)) {
    return refuse('CONNECT_ID_INVALID', `the client id must be the device id, ${deviceIdPattern}`, 2)
  }
  const device = find(clientId)
  // An unknown client may send anything, such as somebody's name.
  const called = device === undefined ? shapeOf(clientId) : clientId
  if (commonName !== undefined && commonName !== clientId) {
    return refuse('CONNECT_ID_MISMATCH', `the certificate is for another device than client id ${called}`, 5)
  }
  if (username !== clientId && (commonName === undefined || username !== undefined)) {
    return refuse('CONNECT_ID_MISMATCH', `user name and client id must both be the device id (${called})`, 5)
  }
  // Always compared, so that the time it takes does not tell which devices exist.
  const tokenIsRight = tokenMatches(token ?? '', device?.tokenHash)
  if (device === undefined)
    return refuse('CONNECT_DEVICE_UNKNOWN', `no device is called ${called}: enrol it`, 4)
  if (commonName === undefined && !tokenIsRight && device.via !== undefined) {
    const what = `${clientId} reports through ${device.via} and has no token of its own`
    return refuse('CONNECT_TOKEN_WRONG', `${what}: rotate it to let it connect itself`, 4)
  }
  if (commonName === undefined && !tokenIsRight) {
    return refuse('CONNECT_TOKEN_WRONG', `wrong token for ${clientId}: rotate it if it is lost`, 4)
  }
  if (!device.enabled) return refuse('CONNECT_DEVICE_DISABLED', `${clientId} is disabled: enable it`, 5)
  return { device }
}

function refuse(code: ErrorCode, reason: string, returnCode: 2 | 4 | 5): Refused {
  return { code, reason, returnCode }
}
