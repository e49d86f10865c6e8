import type { AlertChange } from '../book/alerts.ts'
import type { Message } from './channel.ts'
import type { Pace } from './pace.ts'

/** One change that a channel is to tell. */
export interface Notice {
  readonly changed: AlertChange
  /** Not before this; epoch ms. */
  readonly dueAt: number
}

/**
 * How an alert stands with a channel: a beginning waits to be told as that notice, or has been told. One that was put to
 * sleep begins anew when it wakes; `untold` is the notice of a beginning that was still waiting, perhaps on its way.
 */
export type Standing =
  | { readonly is: 'waiting'; readonly number: number }
  | { readonly is: 'told' }
  | { readonly is: 'asleep'; readonly untold?: number }

/** A message on its way: kept, so that after a crash the same one goes out under the same key. */
export interface Batch {
  readonly message: Message
  /** Numbers of the notices that it settles. */
  readonly numbers: readonly number[]
  /** Times it was tried, and when the first of them was. */
  readonly tries: number
  readonly firstAt: number
  /** Not tried before this. */
  readonly nextAt: number
}

/** What is kept of a channel. */
export interface ChannelRecord {
  readonly batch?: Batch
  readonly pace: Pace
  /** Messages delivered, tries that failed, notices given up. */
  readonly sent: number
  readonly failed: number
  readonly undelivered: number
  readonly sentAt?: number
  /** Of the last try, if it failed. */
  readonly fault?: string
  readonly faultAt?: number
}

export const isBeginning = ({ change }: AlertChange) =>
  change.what === 'raised' || change.what === 'reopened' || change.what === 'woken'
