import { minuteMs } from '../../core/clock.ts'
import type { Ending, FindingPlace, Parts, Severity, Source } from '../rules/rule.ts'

/**
 * `open`: nobody has taken it. `acknowledged`: somebody sees to it. `cleared`: it ended by itself. `resolved`: somebody
 * said what it was. The last two are closed; what comes again within `reopenMs` opens them anew.
 */
export const statuses = ['open', 'acknowledged', 'cleared', 'resolved'] as const
export type Status = (typeof statuses)[number]

/** What it turned out to be: rules are judged by it. */
export const outcomes = ['real', 'false-alarm', 'test', 'maintenance'] as const
export type Outcome = (typeof outcomes)[number]

/** Something wrong with a place or a device; of one rule, place and subject there is one that is not closed. */
export interface Alert {
  /** 16 characters, a function of the rule, the place and the first cause. */
  readonly id: string
  readonly rule: string
  readonly severity: Severity
  readonly place: FindingPlace
  /** IANA zone of the place. */
  readonly zone: string
  readonly status: Status
  /** Whether its condition goes on: an alert may be resolved while it does, or taken after it has ended. */
  readonly active: boolean
  /** Of the latest finding that raised it. */
  readonly cause: string
  /** The parts of what happened, also once that is over. */
  readonly parts: Parts
  /** The record that raised it; absent where a deadline did. */
  readonly source?: Source
  /** When it first happened, by the device's clock; when what decided it was received; when it was raised here. Epoch ms. */
  readonly occurredAt: number
  readonly receivedAt: number
  readonly raisedAt: number
  /** How often it was raised: more than once where it came again soon. */
  readonly times: number
  readonly lastRaisedAt: number
  /** When its condition ended the last time, as received. */
  readonly clearedAt?: number
  readonly ending?: Ending
  /** The parts of how it ended. */
  readonly endingParts?: Parts
  readonly acknowledgedAt?: number
  readonly acknowledgedBy?: string
  readonly assignee?: string
  readonly resolvedAt?: number
  readonly resolvedBy?: string
  readonly outcome?: Outcome
  readonly note?: string
  /** It is under a snooze or in a maintenance window, and nobody is told before this. */
  readonly quietUntil?: number
  /** It was raised in a maintenance window: once its condition ends it is resolved with that outcome. */
  readonly maintenance?: boolean
  /** Number of its latest change. */
  readonly change: number
}

export const changeKinds = [
  'raised',
  'reopened',
  'cleared',
  'acknowledged',
  'assigned',
  'commented',
  'resolved',
  /** Nobody is told more of it for a while. */
  'snoozed',
  /** That, or a maintenance window, is over, and it still goes on. */
  'woken',
  /** Nobody took it in time: others are told. */
  'escalated',
  /** A channel has given up on telling of it. */
  'undelivered',
] as const
export type ChangeKind = (typeof changeKinds)[number]

/** One entry of the history, which is only ever appended to. */
export interface Change {
  /** 1, 2, 3 … over all alerts, in the order in which they came to be. */
  readonly number: number
  readonly alert: string
  readonly what: ChangeKind
  /** By the clock of the service. */
  readonly at: number
  /** Account, token or `operator`; absent where the service itself did it. */
  readonly by?: string
  /** Of `raised`, `reopened` and `cleared`: by the device's clock, and when it was received. */
  readonly occurredAt?: number
  readonly receivedAt?: number
  /** Of `raised` and `reopened`. */
  readonly cause?: string
  readonly source?: Source
  /** With `raised`, `reopened` and `cleared`: the parts of what happened then, or of how it ended. */
  readonly parts?: Parts
  /** Of `cleared`. */
  readonly ending?: Ending
  /** Of `assigned`; absent where it is nobody's any more. */
  readonly assignee?: string
  readonly outcome?: Outcome
  readonly note?: string
  /** Of `undelivered`. */
  readonly channel?: string
}

/** What ends and comes again within this is the same alert, as received. */
export const reopenMs = 10 * minuteMs

export const isClosed = ({ status }: Pick<Alert, 'status'>) => status === 'cleared' || status === 'resolved'
