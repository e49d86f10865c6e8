import { LintelError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/words.ts'
import { checkPlace } from '../../devices/contract/gateway-messages.ts'
import { holdsPersonalNumber } from '../../devices/contract/personal-number.ts'
import { splitTopic } from '../../devices/contract/topics.ts'
import { type Admit, faultOfSize } from '../admit/admit.ts'
import { parse } from '../admit/admit-events.ts'
import type { Enroller } from '../admit/enroller.ts'
import type { Outcome } from '../journal/journal.ts'
import { type Account, ForeignDevice } from './account.ts'
import type { Session } from './session.ts'

const snapshotPrefix = 'snapshot/'

export interface AccountPathParts {
  admit: Admit
  enroller: Enroller
  /** A topic in the form in which it may be told. */
  shown(topic: string): string
}

/**
 * Handles messages of a gateway for a device of its sites: they take the path of a device's own messages, with the place
 * of the device from the registry. Throws PUBLISH_TOPIC_FOREIGN for any other device.
 */
export function createAccountPath({ admit, enroller, shown }: AccountPathParts) {
  return async (session: Session, account: Account, topic: string, payload: Buffer): Promise<Outcome[]> => {
    const named = splitTopic(topic)
    if (named === undefined)
      throw new LintelError('PUBLISH_TOPIC_FOREIGN', `${session.device} may not publish to ${shown(topic)}`)
    const { device, rest } = named
    if (rest === 'place') return announce(session, account, device, payload)
    const sender = account.senderFor(device)
    if (sender === undefined) {
      const what = `${session.device} may not publish to ${shown(topic)}: that device is not enrolled here, or of another site`
      throw new ForeignDevice(
        mayBeTold(device) ? device : undefined,
        `${what}; say its place first, or give the account its site`,
      )
    }
    if (rest === 'event') return admit.events(sender, payload)
    if (rest === 'sighting') return admit.sightings(sender, payload)
    if (rest === 'status') return admit.status(sender, payload)
    if (rest.startsWith(snapshotPrefix))
      return admit.snapshot(sender, rest.slice(snapshotPrefix.length), payload)
    throw new LintelError(
      'PUBLISH_TOPIC_UNKNOWN',
      `gateways do not publish to ${shown(topic)}: see docs/wire.md`,
    )
  }

  async function announce(
    session: Session,
    account: Account,
    device: DeviceId,
    payload: Buffer,
  ): Promise<Outcome[]> {
    // A fault counts for the gateway itself: the device may not even exist.
    const feedback = mayBeTold(device) ? session.feedback.about(device) : session.feedback
    const sender = { device: session.device, place: session.place, feedback }
    const tooLarge = faultOfSize(payload)
    const parsed = tooLarge === undefined ? parse(payload) : { fault: tooLarge }
    const checked = 'fault' in parsed ? parsed : checkPlace(parsed.value)
    if ('fault' in checked) return admit.park(sender, checked.fault, payload.length)
    const { place } = checked
    if (account.isKnown(device, place)) return []
    const answer = await enroller.announce(session.device, device, place)
    account.forget(device)
    if (answer.outcome !== 'refused') return []
    if (answer.code === 'PUBLISH_TOPIC_FOREIGN')
      throw new ForeignDevice(mayBeTold(device) ? device : undefined, answer.reason)
    return admit.park(sender, { code: 'PLACE_INVALID', reason: answer.reason }, payload.length)
  }
}

/** An id that holds a person's number is not repeated. */
const mayBeTold = (device: string) => !holdsPersonalNumber(device)
