import type { Finding, FindingPlace, Severity } from '../rules/rule.ts'
import type { Alert, Change, Outcome, Status } from './alert.ts'

/** An alert as a change has left it. */
export interface AlertChange {
  readonly change: Change
  readonly alert: Alert
}

export interface AlertQuery {
  readonly status?: readonly Status[]
  readonly severity?: readonly Severity[]
  readonly rule?: readonly string[]
  /** Only those of these sites; those of the service itself have none. */
  readonly sites?: readonly string[]
  readonly building?: string
  readonly point?: string
  readonly device?: string
  readonly assignee?: string
  /** Raised in [from, to), epoch ms. */
  readonly from?: number
  readonly to?: number
  /** What `next` of the page before said. */
  readonly after?: string
  /** Of one page; 200 at most. */
  readonly limit: number
}

export interface AlertPage {
  /** Newest first. A page may be short, or empty, and yet have a next. */
  readonly alerts: readonly Alert[]
  /** Absent after the last page. */
  readonly next?: string
}

/** What somebody does with an alert. */
export type Act =
  | { readonly do: 'acknowledge'; readonly note?: string }
  | { readonly do: 'assign'; readonly to: string | null }
  | { readonly do: 'comment'; readonly note: string }
  | { readonly do: 'resolve'; readonly outcome: Outcome; readonly note?: string }

/** What is quiet, and why: `snooze` tells nobody before its end, `maintenance` closes by itself what it raised. */
export interface NewSnooze {
  readonly why: 'snooze' | 'maintenance'
  /** Whichever are absent do not matter; with none of them everything is quiet. */
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

/** Takes part in each change of an alert: `take` within its transaction, so it writes what must not be lost. */
export interface Follower {
  take(changed: AlertChange, now: number): void
}

/** All alerts, their history, and what is quiet. */
export interface Alerts {
  /** Makes alerts of findings. For inside `State.transact`; the same findings again change nothing. Call `published` once that is durable. */
  record(findings: readonly Finding[], now: number): readonly AlertChange[]
  /** Every few seconds: wakes what slept under a snooze that is over, and forgets some of what is old. For inside `State.transact`. */
  expire(now: number): readonly AlertChange[]
  /** Lets it take part in each change from now on. */
  follow(follower: Follower): void
  /** Tells those who listen of what is durable now. */
  published(changed: readonly AlertChange[]): void
  /** For whoever makes further changes within a transaction: `escalated`, `undelivered`. */
  note(id: string, change: Pick<Change, 'what' | 'channel' | 'note'>, now: number): AlertChange | undefined

  list(query: AlertQuery): AlertPage
  /** How many are not closed. */
  countOpen(): Readonly<Record<Severity, number>>
  /** By its id or the beginning of it, four characters at least, where there is but one. Throws ALERT_NOT_FOUND. */
  get(id: string): Alert
  /** Oldest first. */
  history(id: string): readonly Change[]
  /** Throws ALERT_NOT_FOUND, or ALERT_CLOSED for what a closed one cannot take. Doing the same twice changes nothing. */
  act(id: string, act: Act, by: string, now: number): Promise<Alert>

  snoozes(): readonly Snooze[]
  /** Throws SNOOZE_INVALID. */
  snooze(wanted: NewSnooze, by: string, now: number): Promise<Snooze>
  /** What it kept quiet is told, if it still goes on. Throws SNOOZE_NOT_FOUND. */
  unsnooze(id: string, by: string, now: number): Promise<void>

  /** Changes behind that number, oldest first, as far as they are kept (a week, 100,000). */
  changesAfter(number: number, limit: number): readonly AlertChange[]
  /** Number of the latest change; 0 before the first. */
  lastChange(): number
  /** Each change once it is durable, in order. The answer ends it. */
  listen(listener: (changed: AlertChange) => void): () => void
}
