import type { DeviceId } from '../../core/words.ts'
import type { Command } from '../admit/feedback.ts'
import { ForeignDevice } from './account.ts'
import { isSubscribed, outputOf } from './aedes-internals.ts'
import type { PartingWords } from './parting-words.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Throttles } from './throttle.ts'

export interface CommandParts {
  readonly sessions: Sessions
  readonly throttles: Throttles
  readonly parting: PartingWords
  readonly gatewayGreeting: (() => Command) | undefined
}

/** Sends commands to connected devices on their command topics. Commands that a device leaves unread are counted, not queued. */
export function createCommands({ sessions, throttles, parting, gatewayGreeting }: CommandParts) {
  let unsent = 0

  /** The device has subscribed: now it can be told the time, and why it was disconnected. */
  function greet(session: Session): void {
    session.feedback.tellTime()
    if (session.account !== undefined && gatewayGreeting !== undefined)
      send(session.device, gatewayGreeting())
    const word = parting.take(session.device)
    const about = word instanceof ForeignDevice ? word.about : undefined
    if (word !== undefined) session.feedback.refuse(word.code, word.message, undefined, about)
  }

  /** Publishes on the device's own connection: when aedes delivers to all subscribers, one that reads slowly holds up the others. */
  function send(device: DeviceId, command: Command): void {
    const session = sessions.ofDevice(device)
    if (session === undefined || !isSubscribed(session.client, session.commandTopic)) return
    const { client } = session
    if (client.closed || outputOf(client).writableNeedDrain) {
      unsent++
      return
    }
    throttles.of(client)?.share.expectAnswer()
    const payload = JSON.stringify(command)
    const topic = session.commandTopic
    client.publish({ cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false }, () => {})
  }

  return { greet, send, unsent: () => unsent }
}
