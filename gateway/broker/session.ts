import type { Client } from 'aedes'
import type { DeviceId } from '../../core/words.ts'
import { commandTopic, eventTopic, snapshotPrefix, statusTopic } from '../../devices/contract/topics.ts'
import type { Device } from '../../devices/registry/device.ts'
import type { Sender } from '../admit/admit.ts'
import type { Feedback } from '../admit/feedback.ts'
import type { Account } from './account.ts'

/** A connected device: its topics once, so that a message costs a comparison of strings and no parsing. */
export class Session implements Sender {
  readonly client: Client
  readonly device: DeviceId
  readonly feedback: Feedback
  /** Of a gateway: the devices that it speaks for. */
  readonly account: Account | undefined
  readonly eventTopic: string
  readonly statusTopic: string
  readonly snapshotPrefix: string
  readonly commandTopic: string
  /** Of all its topics, those that exist and those that do not. */
  readonly ownPrefix: string
  readonly connectedAt: number
  readonly tokenHash: string
  /** Follows the registry while the device is connected. */
  place: number
  /** Messages whose ack waits for the journal. */
  inFlight = 0
  paused = false

  constructor(client: Client, device: Device, feedback: Feedback, connectedAt: number, account?: Account) {
    this.client = client
    this.device = device.device
    this.place = device.place
    this.tokenHash = device.tokenHash
    this.feedback = feedback
    this.connectedAt = connectedAt
    this.account = account
    this.eventTopic = eventTopic(device.device)
    this.statusTopic = statusTopic(device.device)
    this.snapshotPrefix = snapshotPrefix(device.device)
    this.commandTopic = commandTopic(device.device)
    this.ownPrefix = this.commandTopic.slice(0, -'command'.length)
  }
}
