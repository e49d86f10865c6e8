import type { Client } from 'aedes'
import { secondMs } from '../../core/clock.ts'
import type { DeviceId, Place } from '../../core/words.ts'
import {
  alertsTopic,
  commandTopic,
  eventTopic,
  snapshotPrefix,
  statusTopic,
} from '../../devices/contract/topics.ts'
import { type Device, sameSites, shownSites, standsAt } from '../../devices/registry/device.ts'
import type { Sender } from '../admit/admit.ts'
import type { Feedback } from '../admit/feedback.ts'
import type { Account } from './account.ts'

const pauseOf = ({ pauseS = 0 }: Device) => pauseS * secondMs

/** A connected device. Its topics are made once, so that a message costs a comparison of strings and no parsing. */
export class Session implements Sender {
  readonly client: Client
  readonly device: DeviceId
  readonly feedback: Feedback
  /** For a gateway: the devices that it speaks for. */
  readonly account: Account | undefined
  readonly eventTopic: string
  readonly statusTopic: string
  readonly snapshotPrefix: string
  readonly commandTopic: string
  readonly isDisplay: boolean
  /** The prefix of all its topics, those that exist and those that do not. */
  readonly ownPrefix: string
  readonly connectedAt: number
  readonly tokenHash: string
  readonly #shownSites: readonly string[]
  /** Place and pause follow the registry while the device is connected. */
  place: Place
  pauseMs: number
  /** Messages whose ack waits for the journal. */
  inFlight = 0
  /** The weight of these messages for the journal, in records. */
  itemsInFlight = 0
  /** The weight of the message that is being admitted. */
  weight = 0
  /** Filters that were denied on this connection. */
  denied = 0
  paused = false
  /** Our reason to end it, once we do. */
  ending: string | undefined

  constructor(client: Client, device: Device, feedback: Feedback, connectedAt: number, account?: Account) {
    this.client = client
    this.device = device.device
    this.place = standsAt(device)
    this.pauseMs = pauseOf(device)
    this.tokenHash = device.tokenHash
    this.feedback = feedback
    this.connectedAt = connectedAt
    this.account = account
    this.eventTopic = eventTopic(device.device)
    this.statusTopic = statusTopic(device.device)
    this.snapshotPrefix = snapshotPrefix(device.device)
    this.commandTopic = commandTopic(device.device)
    this.isDisplay = device.kind === 'display'
    this.#shownSites = shownSites(device)
    this.ownPrefix = this.commandTopic.slice(0, -'command'.length)
  }

  /** Keeps the same object while the device is not moved: the journal looks up the number of the place by it. */
  move(device: Device): void {
    if (device.place !== this.place.id) this.place = standsAt(device)
    this.pauseMs = pauseOf(device)
  }

  readonly weigh = (records: number): void => {
    this.weight += records
  }

  maySubscribe(topic: string): boolean {
    return topic === this.commandTopic || this.#shownSites.some(site => topic === alertsTopic(site))
  }

  /** True if the registry still grants all that this connection was granted. */
  mayStay(device: Device): boolean {
    return (
      device.enabled && device.tokenHash === this.tokenHash && sameSites(this.#shownSites, shownSites(device))
    )
  }
}
