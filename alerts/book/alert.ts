import { minuteMs } from '../../core/clock.ts'
import type { Ending, FindingPlace, Parts, Severity, Source } from '../rules/rule.ts'

/**
 * `open`: nobody has taken it. `acknowledged`: somebody is dealing with it. `cleared`: it ended by itself. `resolved`:
 * somebody said what it was. The last two count as closed; a new occurrence within `reopenMs` reopens the alert.
 */
export const statuses = ['open', 'acknowledged', 'cleared', 'resolved'] as const
export type Status = (typeof statuses)[number]

/** People's verdict on an alert. The quality of rules is measured by this. */
export const outcomes = ['real', 'false-alarm', 'test', 'maintenance'] as const
export type Outcome = (typeof outcomes)[number]

/** A problem at a place or with a device. At most one alert per rule, place and subject is not closed. */
export interface Alert {
  /** 16 characters, derived from the rule, the place and the first cause. */
  readonly id: string
  readonly rule: string
  readonly severity: Severity
  readonly place: FindingPlace
  /** IANA zone of the place. */
  readonly zone: string
  readonly status: Status
  /** True while the condition lasts: an alert may be resolved before it ends, or acknowledged after. */
  readonly active: boolean
  /** Cause of the latest finding that raised it. */
  readonly cause: string
  /** Details of what happened; kept after it is over. */
  readonly parts: Parts
  /** The record that raised it; absent if a deadline did. */
  readonly source?: Source
  /** First occurrence by the device's clock; receipt of the record that decided it; when it was raised here. Epoch ms. */
  readonly occurredAt: number
  readonly receivedAt: number
  readonly raisedAt: number
  /** How often it was raised: more than once if it recurred soon. */
  readonly times: number
  readonly lastRaisedAt: number
  /** When its condition last ended, as received. */
  readonly clearedAt?: number
  readonly ending?: Ending
  /** Details of how it ended. */
  readonly endingParts?: Parts
  readonly acknowledgedAt?: number
  readonly acknowledgedBy?: string
  readonly assignee?: string
  readonly resolvedAt?: number
  readonly resolvedBy?: string
  readonly outcome?: Outcome
  readonly note?: string
  /** A snooze or a maintenance window applies: nobody is told before this time. */
  readonly quietUntil?: number
  /** Raised during a maintenance window: when its condition ends, it is resolved with the outcome `maintenance`. */
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
  /** A snooze or maintenance window began: nobody is told more of it until that ends. */
  'snoozed',
  /** The snooze or maintenance window ended, and the alert is still not closed. */
  'woken',
  /** Nobody took it in time, so others are told. */
  'escalated',
  /** A channel gave up sending it. */
  'undelivered',
] as const
export type ChangeKind = (typeof changeKinds)[number]

/** One entry of the append-only history. */
export interface Change {
  /** 1, 2, 3 … over all alerts, in order of creation. */
  readonly number: number
  readonly alert: string
  readonly what: ChangeKind
  /** By the clock of the service. */
  readonly at: number
  /** Account, token or `operator`; absent if the service itself did it. */
  readonly by?: string
  /** With `raised`, `reopened` and `cleared`: by the device's clock, and when it was received. */
  readonly occurredAt?: number
  readonly receivedAt?: number
  /** With `raised` and `reopened`. */
  readonly cause?: string
  readonly source?: Source
  /** With `raised`, `reopened` and `cleared`: details of what happened, or of how it ended. */
  readonly parts?: Parts
  /** With `cleared`. */
  readonly ending?: Ending
  /** With `assigned`; absent if it is assigned to nobody any more. */
  readonly assignee?: string
  readonly outcome?: Outcome
  readonly note?: string
  /** With `undelivered`. */
  readonly channel?: string
}

/** An alert that recurs within this time of its end, both as received, is the same alert. */
export const reopenMs = 10 * minuteMs

export const isClosed = ({ status }: Pick<Alert, 'status'>) => status === 'cleared' || status === 'resolved'
