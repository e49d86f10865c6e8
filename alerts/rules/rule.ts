import type { TObject } from 'typebox'
import type { DeviceId, EventId } from '../../core/words.ts'
import type { Kind } from '../../devices/contract/kinds.ts'
import type { EventRecord } from '../../devices/contract/record.ts'
import type { Gauge } from './gauge.ts'
import type { Passages } from './passages.ts'

export const severities = ['notice', 'warning', 'critical'] as const
export type Severity = (typeof severities)[number]

export const languages = ['en', 'zh'] as const
export type Language = (typeof languages)[number]
export type Text = Readonly<Record<Language, string>>

/** Data for a sentence: numbers, and words of `words.ts`. Never anything about a person. */
export type Parts = Readonly<Record<string, string | number>>

/** Why an alert ended: its condition is over, or its subject is gone. */
export type Ending = 'over' | 'moved' | 'replaced' | 'removed' | 'disabled'

/** The place a finding is about; empty for the service itself. */
export interface FindingPlace {
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly device?: string
}

/** The record that raised a finding. `event` is absent for a status, which has no id of its device. */
export interface Source {
  readonly device: DeviceId
  readonly event?: EventId
}

/** The result of a rule. Each rule, place and cause has one finding `raised`, and later one `cleared`. */
export interface Finding {
  readonly rule: string
  readonly kind: 'raised' | 'cleared'
  readonly severity: Severity
  readonly place: FindingPlace
  /** The same in every replay, and different for each occurrence: an alert's id is made of rule, place and this. */
  readonly cause: string
  /** When it happened, by the device's clock. Epoch ms. */
  readonly occurredAt: number
  /** When the deciding record was received, or a deadline passed. Epoch ms. */
  readonly receivedAt: number
  readonly parts: Parts
  /** Only if cleared. */
  readonly ending?: Ending
  /** The event that raised it; absent if a deadline did. */
  readonly source?: Source
}

export type Signal = Pick<Finding, 'kind' | 'cause' | 'occurredAt' | 'parts' | 'ending'>

/**
 * Facts that a rule needs besides the record. Times in states are listening time (`listening.ts`), so that neither
 * setting the clock nor an hour without power moves a deadline.
 */
export interface Moment {
  /** Listening time, ms. */
  readonly now: number
  /** When the record happened, in listening time. */
  readonly when: number
  /** The record is old: it may end something, but never begin anything. */
  readonly late: boolean
  /** When people were recently let through or turned away at the point, but never who. */
  readonly passages: Passages
  /** True if the whole site is away, so that a single device is not worth an alert. */
  siteAway(): boolean
}

export type Observed = EventRecord | Gauge

export interface Step<S> {
  readonly state: S
  readonly signals: readonly Signal[]
}

/** A point is a door or a lane, whatever devices stand there; `service` is the machine that runs this service. */
export type Scope = 'point' | 'device' | 'site' | 'service'

/** One occurrence of a rule's condition, from `raised` to `cleared`. */
export interface Episode {
  readonly cause: string
  /** When it occurred; epoch ms. */
  readonly at: number
  /** How often it has been reported, the first time included. */
  readonly times: number
  readonly parts: Parts
  /** When it counts as over, in listening time; null while it goes on. */
  readonly clearAt: number | null
}

/** Everything that can be said of a rule without running it: settings, pages and sentences are made from this. */
export interface Described {
  readonly name: string
  readonly scope: Scope
  readonly title: Text
  /** Says, for a page, what the rule looks for and how its alert ends. */
  readonly about: Text
  readonly raised: Text
  /** Advice for people on duty. */
  readonly advice: Text
  readonly cleared: Text
  readonly parameters: TObject
}

/**
 * A pure state machine. States are plain JSON. `expire` is called with `now` set to the time that `due` returned, and
 * advances the state. A record from the very millisecond of a deadline is handled before the deadline.
 */
export interface Rule<S = unknown, P = unknown> extends Described {
  readonly kinds: readonly (Kind | 'gauge')[]
  next(state: S | undefined, observed: Observed, moment: Moment, parameters: P): Step<S>
  expire(state: S, moment: Moment, parameters: P): Step<S>
  /** When `expire` should be called, in listening time; Infinity for never. */
  due(state: S, parameters: P): number
  /** Episodes that are raised now. */
  episodes(state: S): readonly Episode[]
}

/** Hides a rule's own types from other files. */
export const defineRule = <S, P>(rule: Rule<S, P>): Rule => rule as Rule
