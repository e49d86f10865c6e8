import type { ConnectPacket } from 'aedes'
import { LintelError } from '../../core/errors.ts'
import { statusTopic } from '../../devices/contract/topics.ts'
import { type IsEnrolled, shownDevice } from './printable.ts'

/** A fault of a CONNECT, found before its sender is identified. */
export interface ConnectFault {
  readonly error: LintelError
  /** The CONNACK to answer with; absent if the protocol has none for this fault. */
  readonly answer?: Buffer
}

/** CONNACK of MQTT 3.1.1 with return code 1, unacceptable protocol level [MQTT-3.1.2-2]. */
export const unacceptableLevel = Buffer.from([0x20, 2, 0, 1])

/** Never throws; undefined if nothing is wrong. */
export function faultOfConnect(packet: ConnectPacket, isEnrolled: IsEnrolled): ConnectFault | undefined {
  const { will, clientId, password, username } = packet
  const level = packet.protocolVersion as number
  // Mosquitto's bridges set a bit of the level to identify themselves.
  if ('bridgeMode' in packet)
    return { error: unsupported('a bridge', ' (of mosquitto: try_private false)'), answer: unacceptableLevel }
  if (level === 5) return { error: unsupported('MQTT 5'), answer: unsupported5 }
  if (password !== undefined && username === undefined) {
    const reason = 'a password without a user name [MQTT-3.1.2-22]'
    return { error: new LintelError('PACKET_MALFORMED', reason) }
  }
  if (!will || will.topic === statusTopic(clientId)) return undefined
  const reason = `the will of ${shownDevice(clientId, isEnrolled)} must be its own status topic`
  return { error: new LintelError('PUBLISH_TOPIC_FOREIGN', reason) }
}

export const unsupportedLevel = (level: number) => unsupported(`protocol level ${level}`)

const advice = 'use MQTT 3.1.1'
const unsupported = (what: string, more = '') =>
  new LintelError('UNSUPPORTED_PROTOCOL_VERSION', `${what} is not spoken here: ${advice}${more}`)

/** CONNACK of MQTT 5 with reason code 132, unsupported protocol version, and a reason string [MQTT5 3.2.2.3.9]. */
const unsupported5 = (() => {
  const text = Buffer.from(advice)
  const properties = Buffer.concat([Buffer.from([0x1f, 0, text.length]), text])
  return Buffer.concat([Buffer.from([0x20, 3 + properties.length, 0, 0x84, properties.length]), properties])
})()
