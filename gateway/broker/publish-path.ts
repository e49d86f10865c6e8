import type { Client, PublishPacket } from 'aedes'
import { codeOf, type ErrorCode, LintelError } from '../../core/errors.ts'
import type { Admit } from '../admit/admit.ts'
import type { Enroller } from '../admit/enroller.ts'
import type { Outcome } from '../journal/journal.ts'
import { createAccountPath } from './account-path.ts'
import type { InFlight } from './in-flight.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface PublishPathParts {
  admit: Admit
  enroller: Enroller
  inFlight: InFlight
  sessions: Sessions
  /** Tells the operator, and gives back the error that ends the connection. */
  refuse(client: Client | null, error: unknown): Error
  /** A topic as it may be told. */
  shown(topic: string): string
}

export type Acknowledge = (error?: Error | null) => void

const willTries = 60
const willEveryMs = 1000

/**
 * The path of one message: room, topic, admission, journal, ack. It is aedes' `authorizePublish`, the one
 * hook that runs before the PUBACK, whose callback therefore waits for the journal.
 */
export function createPublishPath({ admit, enroller, inFlight, sessions, refuse, shown }: PublishPathParts) {
  const admitForAccount = createAccountPath({ admit, enroller, shown })

  const receive = (client: Client | null, packet: PublishPacket, acknowledge: Acknowledge) => {
    const session = sessions.of(client)
    if (session === undefined) return acknowledge(new Error('not connected'))
    packet.retain = false
    // Its will, too, which comes here once it has gone.
    if (session.isDisplay) {
      const reason = `${session.device} is a display, which publishes nothing`
      return acknowledge(refuse(session.client, new LintelError('PUBLISH_TOPIC_FOREIGN', reason)))
    }
    if (session.client.closed && packet.topic === session.statusTopic) {
      return publishWill(session, packet, acknowledge)
    }
    const bytes = packet.payload.length
    if (!inFlight.enter(session, bytes)) {
      admit.refused(session.device, packet.topic === session.eventTopic ? 'event' : 'snapshot')
      const error = new LintelError('PUBLISH_OVERLOADED', 'too much is waiting for the disk')
      return acknowledge(refuse(session.client, error))
    }
    admitPacket(session, packet).then(
      () => {
        inFlight.leave(session, bytes)
        acknowledge(null)
      },
      error => {
        inFlight.leave(session, bytes)
        // MQTT 3.1.1 has no negative ack: a message that must not be acked ends the connection.
        acknowledge(refuse(session.client, error))
      },
    )
  }

  /** Async, although it waits for nothing: a payload that makes admission throw must cost one connection, not the process. */
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

  /** Nobody sends a will again, so it is tried here until the journal takes it or the device is back. */
  function publishWill(session: Session, packet: PublishPacket, acknowledge: Acknowledge, tries = 1): void {
    const tryOnce = async () => admit.status(session, packet.payload as Buffer)
    tryOnce().then(
      () => acknowledge(null),
      error => {
        if (tries >= willTries) return acknowledge(refuse(session.client, error))
        setTimeout(() => {
          const isBack = sessions.ofDevice(session.device) !== undefined
          if (isBack) acknowledge(null)
          else publishWill(session, packet, acknowledge, tries + 1)
        }, willEveryMs).unref()
      },
    )
  }

  return receive
}
