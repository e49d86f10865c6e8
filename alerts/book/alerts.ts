import type { Finding, FindingPlace, Severity } from '../rules/rule.ts'
import type { Alert, Change, Outcome, Status } from './alert.ts'

/** A change, and the alert as it was right after it. */
export interface AlertChange {
  readonly change: Change
  readonly alert: Alert
}

export interface AlertQuery {
  readonly status?: readonly Status[]
  readonly severity?: readonly Severity[]
  readonly rule?: readonly string[]
  /** Only alerts of these sites; alerts about the service itself have none. */
  readonly sites?: readonly string[]
  readonly building?: string
  readonly point?: string
  readonly device?: string
  readonly assignee?: string
  /** Raised in [from, to), epoch ms. */
  readonly from?: number
  readonly to?: number
  /** `next` of the previous page. */
  readonly after?: string
  /** Page size; 200 at most. */
  readonly limit: number
}

export interface AlertPage {
  /** Newest first. A page may be short or even empty and still have a `next`. */
  readonly alerts: readonly Alert[]
  /** Absent after the last page. */
  readonly next?: string
}

/** An act of a person on an alert. */
export type Act =
  | { readonly do: 'acknowledge'; readonly note?: string }
  | { readonly do: 'assign'; readonly to: string | null }
  | { readonly do: 'comment'; readonly note: string }
  | { readonly do: 'resolve'; readonly outcome: Outcome; readonly note?: string }

/**
 * A quiet period: nobody is told before its end. With `maintenance`, an alert raised in it is also resolved when its
 * condition ends.
 */
export interface NewSnooze {
  readonly why: 'snooze' | 'maintenance'
  /** Absent members match everything; with none of them, every alert is quiet. */
  readonly rule?: string
  readonly place: FindingPlace
  /** Epoch ms. */
  readonly from: number
  readonly until: number
  readonly note?: string
}
export interface Snooze extends NewSnooze {
  readonly id: string
  readonly by: string
  readonly at: number
}

/** Takes part in each change of an alert: `take` runs inside its transaction and writes what must not be lost. */
export interface Follower {
  take(changed: AlertChange, now: number): void
}

/** All alerts, their history, and the snoozes. */
export interface Alerts {
  /**
   * Turns findings into alerts. Call inside `State.transact`; repeating the same findings changes nothing. Call
   * `published` once the transaction is durable.
   */
  record(findings: readonly Finding[], now: number): readonly AlertChange[]
  /** Call every few seconds, inside `State.transact`: wakes alerts whose snooze is over, and deletes some of the old ones. */
  expire(now: number): readonly AlertChange[]
  /** Adds a follower for all later changes. */
  follow(follower: Follower): void
  /** Tells listeners about changes that are now durable. */
  published(changed: readonly AlertChange[]): void
  /** For callers that add changes within their own transaction: `escalated`, `undelivered`. */
  note(id: string, change: Pick<Change, 'what' | 'channel' | 'note'>, now: number): AlertChange | undefined

  list(query: AlertQuery): AlertPage
  /** How many alerts are not closed, by severity. */
  countOpen(): Readonly<Record<Severity, number>>
  /** Finds an alert by its id, or by a unique prefix of at least four characters. Throws ALERT_NOT_FOUND. */
  get(id: string): Alert
  /** Oldest first. */
  history(id: string): readonly Change[]
  /**
   * Throws ALERT_NOT_FOUND, or ALERT_CLOSED if a closed alert cannot take this act. Repeating an act changes nothing,
   * but each note or comment is added.
   */
  act(id: string, act: Act, by: string, now: number): Promise<Alert>

  snoozes(): readonly Snooze[]
  /** Throws SNOOZE_INVALID. */
  snooze(wanted: NewSnooze, by: string, now: number): Promise<Snooze>
  /** Ends a snooze; alerts it kept quiet are told if they are not closed. Throws SNOOZE_NOT_FOUND. */
  unsnooze(id: string, by: string, now: number): Promise<void>

  /** Changes after that number, oldest first, as far as they are kept (a week, 100,000). */
  changesAfter(number: number, limit: number): readonly AlertChange[]
  /** Number of the latest change; 0 before the first. */
  lastChange(): number
  /** Calls the listener with each change once it is durable, in order. The returned function stops that. */
  listen(listener: (changed: AlertChange) => void): () => void
}
