/** A packet as mqtt-packet parsed it, as far as it is checked here. */
export interface ParsedPacket {
  readonly cmd?: string
  /** Bytes behind the fixed header. */
  readonly length: number
  readonly qos?: number
  readonly dup?: boolean
  readonly messageId?: number
  readonly protocolVersion?: number
  /** Bytes that are not UTF-8 have become U+FFFD. */
  readonly topic?: string
  readonly subscriptions?: { topic: string; qos: number }[]
  readonly unsubscriptions?: string[]
  readonly will?: { readonly qos?: number }
}

/** Packets whose parts must take up all their bytes. */
const exact: readonly string[] = ['connect', 'subscribe', 'unsubscribe']
const withId: readonly string[] = ['puback', 'pubrec', 'pubrel', 'pubcomp', 'subscribe', 'unsubscribe']

const notText = /[\0\ufffd]/

/**
 * The fault of a packet that mqtt-packet accepts all the same, with the statement of MQTT 3.1.1 that it breaks; undefined
 * if there is none. `read` is the number of bytes that its parts took: more than the packet has means that some came from
 * the next packet.
 */
export function faultOfPacket(packet: ParsedPacket, read: number): string | undefined {
  const { cmd, length, messageId } = packet
  if (cmd === 'publish') {
    if (notText.test(packet.topic ?? '')) return 'a topic that is not UTF-8, or holds a NUL [MQTT-1.5.3-1]'
    if (packet.qos === 0 && packet.dup) return 'DUP with QoS 0 [MQTT-3.3.1-2]'
    // The publish path refuses id 0, and counts it.
    return read > length || (messageId ?? 0) < 0 ? 'no packet id [MQTT-2.3.1-1]' : undefined
  }
  if (read > length) return 'shorter than what it says it holds'
  if (withId.includes(cmd!) && (messageId ?? 0) <= 0) return 'packet id 0 [MQTT-2.3.1-1]'
  switch (cmd) {
    case 'pingreq':
    case 'disconnect':
      return length === 0 ? undefined : 'a body where there is none'
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return length === 2 ? undefined : 'not 2 bytes long'
  }
  if (exact.includes(cmd!) && read < length) return 'bytes behind its end'
  if (cmd === 'unsubscribe' && packet.unsubscriptions!.length === 0) return 'no topic [MQTT-3.10.3-2]'
  if (cmd === 'connect' && (packet.will?.qos ?? 0) > 2) return 'a will of QoS 3 [MQTT-3.1.2-14]'
  return undefined
}
