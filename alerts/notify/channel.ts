import type { ChannelKind } from '../../config/alerts.ts'
import type { Alert, Change } from '../book/alert.ts'

/** One alert in a message: what became of it, and how it is. */
export interface Told {
  readonly change: Change
  readonly alert: Alert
}

/** What goes out at once. The same key means the same message, whenever and however often it comes. */
export interface Message {
  readonly key: string
  /** When it was put together, epoch ms. */
  readonly at: number
  /** Oldest first. */
  readonly told: readonly Told[]
  /** Further alerts that it does not name. */
  readonly more: number
  /** Alerts that came and were over before they could be told. */
  readonly over: number
  /** Somebody tries the channel. */
  readonly isTest?: true
}

/** `waitMs`: the other side says for how long it takes nothing. `refused`: it will take this message never. */
export type Outcome = { readonly delivered: true; readonly but?: string } | Failure
export interface Failure {
  readonly delivered: false
  readonly fault: string
  readonly waitMs?: number
  readonly refused?: true
}

/** Takes messages to the other side. It knows nothing of queues, pauses and repetition. */
export interface Channel {
  readonly kind: ChannelKind
  /** A rejection is as good as a fault. What it says of itself holds no key. */
  send(message: Message, signal: AbortSignal): Promise<Outcome>
  start?(): void
  stop?(): Promise<void>
}

export const failed = (fault: string): Failure => ({ delivered: false, fault })
