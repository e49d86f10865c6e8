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
  readonly isDisplay: boolean
  /** Of all its topics, those that exist and those that do not. */
  readonly ownPrefix: string
  readonly connectedAt: number
  readonly tokenHash: string
  readonly #shownSites: readonly string[]
  /** Both follow the registry while the device is connected. */
  place: Place
  pauseMs: number
  /** Messages whose ack waits for the journal. */
  inFlight = 0
  /** What these messages weigh for the journal, in records. */
  itemsInFlight = 0
  /** What the message that is being admitted weighs. */
  weight = 0
  /** Filters that it was denied on this connection. */
  denied = 0
  paused = false
  /** Why we end it, once we do. */
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

  /** Its place stays the same object as long as it stays there: the journal looks its number up by that. */
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

  /** Whether the registry says the same of it, as far as a subscription once granted goes. */
  mayStay(device: Device): boolean {
    return (
      device.enabled && device.tokenHash === this.tokenHash && sameSites(this.#shownSites, shownSites(device))
    )
  }
}
