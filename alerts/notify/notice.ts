import type { AlertChange } from '../book/alerts.ts'
import type { Message } from './channel.ts'
import type { Pace } from './pace.ts'

/** One change that a channel has to tell. */
export interface Notice {
  readonly changed: AlertChange
  /** Earliest time to tell it; epoch ms. */
  readonly dueAt: number
}

/**
 * State of an alert for one channel. `waiting`: its beginning is to be told by that notice. `told`: it has been told.
 * `asleep`: it is snoozed, and starts over when it wakes; `untold` is the notice of a beginning that was still waiting,
 * perhaps already on its way.
 */
export type Standing =
  | { readonly is: 'waiting'; readonly number: number }
  | { readonly is: 'told' }
  | { readonly is: 'asleep'; readonly untold?: number }

/** A message on its way. It is stored, so that after a crash the same message goes out under the same key. */
export interface Batch {
  readonly message: Message
  /** Numbers of the notices it settles. */
  readonly numbers: readonly number[]
  /** Number of tries, and time of the first. */
  readonly tries: number
  readonly firstAt: number
  /** Earliest time of the next try. */
  readonly nextAt: number
}

/** Stored state of a channel. */
export interface ChannelRecord {
  readonly batch?: Batch
  readonly pace: Pace
  /** Messages delivered, failed tries, and notices given up. */
  readonly sent: number
  readonly failed: number
  readonly undelivered: number
  readonly sentAt?: number
  /** Error of the last try, if it failed. */
  readonly fault?: string
  readonly faultAt?: number
}

export const isBeginning = ({ change }: AlertChange) =>
  change.what === 'raised' || change.what === 'reopened' || change.what === 'woken'
