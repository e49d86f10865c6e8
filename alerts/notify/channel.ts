import type { ChannelKind } from '../../config/alerts.ts'
import type { Alert, Change } from '../book/alert.ts'

/** One alert in a message: a change, and its state. */
export interface Told {
  readonly change: Change
  readonly alert: Alert
}

/** A message to a receiver. The same key always means the same message, however often it arrives. */
export interface Message {
  readonly key: string
  /** When it was composed, epoch ms. */
  readonly at: number
  /** Oldest first. */
  readonly told: readonly Told[]
  /** Number of further alerts that it does not name. */
  readonly more: number
  /** Number of alerts that began and ended before they could be told. */
  readonly over: number
  /** A test message that somebody asked for. */
  readonly isTest?: true
}

/** `waitMs`: the receiver accepts nothing for this long. `refused`: it will never accept this message. */
export type Outcome = { readonly delivered: true; readonly but?: string } | Failure
export interface Failure {
  readonly delivered: false
  readonly fault: string
  readonly waitMs?: number
  readonly refused?: true
}

/** Sends messages to a receiver. It knows nothing of queues, pauses and retries. */
export interface Channel {
  readonly kind: ChannelKind
  /** A rejection counts as a fault. Its texts must not contain a key. */
  send(message: Message, signal: AbortSignal): Promise<Outcome>
  start?(): void
  stop?(): Promise<void>
}

export const failed = (fault: string): Failure => ({ delivered: false, fault })
