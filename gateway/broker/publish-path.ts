import type { Client, PublishPacket } from 'aedes'
import { codeOf, type ErrorCode, LintelError } from '../../core/errors.ts'
import type { Admit } from '../admit/admit.ts'
import type { Enroller } from '../admit/enroller.ts'
import type { Outcome } from '../journal/journal.ts'
import { createAccountPath } from './account-path.ts'
import type { InFlight } from './in-flight.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Throttles } from './throttle.ts'

export interface PublishPathParts {
  admit: Admit
  enroller: Enroller
  inFlight: InFlight
  sessions: Sessions
  throttles: Throttles
  /** CPU time that this thread has used, ms. */
  cpuMs: () => number
  /** Tells the operator, and returns the error that ends the connection. */
  refuse(client: Client | null, error: unknown): Error
  /** A topic in the form in which it may be told. */
  shown(topic: string): string
}

export type Acknowledge = (error?: Error | null) => void

const willTries = 60
const willEveryMs = 1000
/** Shorter payloads are not measured: they cannot take long. */
const measuredBytes = 512
const noBytes = Buffer.alloc(0)

/**
 * The path of one message: room, topic, admission, journal, ack. It is aedes' `authorizePublish`, the only hook that runs
 * before the PUBACK, so its callback waits for the journal.
 */
export function createPublishPath(parts: PublishPathParts) {
  const { admit, enroller, inFlight, sessions, throttles, cpuMs, refuse, shown } = parts
  const admitForAccount = createAccountPath({ admit, enroller, shown })

  const receive = (client: Client | null, packet: PublishPacket, acknowledge: Acknowledge) => {
    const session = sessions.of(client)
    if (session === undefined) return acknowledge(new Error('not connected'))
    packet.retain = false
    // Refuses its will, too, which comes here once the display has gone.
    if (session.isDisplay) {
      const reason = `${session.device} is a display, which publishes nothing`
      return acknowledge(refuse(session.client, new LintelError('PUBLISH_TOPIC_FOREIGN', reason)))
    }
    if (session.client.closed && packet.topic === session.statusTopic) {
      return leaveWill(session, packet, acknowledge)
    }
    const bytes = packet.payload.length
    if (!inFlight.enter(session, bytes)) {
      admit.refused(session.device, packet.topic === session.eventTopic ? 'event' : 'snapshot')
      const error = new LintelError('PUBLISH_OVERLOADED', 'too much is waiting for the disk')
      return acknowledge(refuse(session.client, error))
    }
    if (bytes >= measuredBytes) throttles.of(session.client)?.share.chargeBytes(bytes)
    session.weight = 0
    const admitted = bytes < measuredBytes ? admitPacket(session, packet) : admitMeasured(session, packet)
    const { weight } = session
    inFlight.weigh(session, weight)
    admitted.then(
      () => {
        inFlight.leave(session, bytes, weight)
        // Frees the payload: aedes keeps a packet of QoS 2 until its PUBREL, which may never come.
        packet.payload = noBytes
        if (packet.qos === 2) throttles.of(session.client)?.share.expectAnswer()
        acknowledge(null)
      },
      error => {
        inFlight.leave(session, bytes, weight)
        // MQTT 3.1.1 has no negative ack: a message that must not be acked ends the connection.
        acknowledge(refuse(session.client, error))
      },
    )
  }

  /** When this returns, all work that takes long is done; only the journal is awaited. */
  function admitMeasured(session: Session, packet: PublishPacket): Promise<Outcome[]> {
    const startedAt = cpuMs()
    const admitted = admitPacket(session, packet)
    throttles.of(session.client)?.share.charge(cpuMs() - startedAt)
    return admitted
  }

  /** Async, although it awaits nothing: a payload that makes admission throw must cost one connection, not the process. */
  async function admitPacket(session: Session, packet: PublishPacket): Promise<Outcome[]> {
    const payload = packet.payload as Buffer
    const { topic, qos, messageId } = packet
    if (qos > 0 && messageId === 0)
      return reject(session, 'PUBLISH_TOPIC_UNKNOWN', 'message id 0 is not allowed')
    if (topic === session.eventTopic) return admit.events(session, payload)
    if (topic.startsWith(session.snapshotPrefix)) {
      return admit.snapshot(session, topic.slice(session.snapshotPrefix.length), payload)
    }
    if (topic === session.statusTopic) return admit.status(session, payload)
    if (topic.startsWith(session.ownPrefix)) {
      return reject(
        session,
        'PUBLISH_TOPIC_UNKNOWN',
        `devices do not publish to ${shown(topic)}: see docs/wire.md`,
      )
    }
    if (session.account !== undefined)
      return admitForAccount(session, session.account, topic, payload).catch(error => {
        if (codeOf(error)?.startsWith('PUBLISH_TOPIC_')) admit.refused(session.device, 'event')
        throw error
      })
    return reject(
      session,
      'PUBLISH_TOPIC_FOREIGN',
      `${session.device} may not publish to ${shown(topic)}: only a device of kind gateway speaks for others`,
    )
  }

  function reject(session: Session, code: ErrorCode, reason: string): never {
    admit.refused(session.device, 'event')
    throw new LintelError(code, reason)
  }

  /** Nobody sends a will again, so it is tried here each second until the journal takes it or the device is back, 60 times at most. */
  function leaveWill(
    session: Session,
    packet: PublishPacket,
    acknowledge: Acknowledge = () => {},
    tries = 1,
  ): void {
    const latest = sessions.ofDevice(session.device)
    // The device is back: its will must not come after what it has said since.
    if (latest !== undefined && latest !== session) {
      acknowledge(null)
      return
    }
    const tryOnce = async () => admit.status(session, packet.payload as Buffer)
    tryOnce().then(
      () => acknowledge(null),
      error => {
        if (tries >= willTries) return acknowledge(refuse(session.client, error))
        setTimeout(() => leaveWill(session, packet, acknowledge, tries + 1), willEveryMs).unref()
      },
    )
  }

  return { receive, leaveWill }
}
