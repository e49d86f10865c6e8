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

/** What a sentence is made of: numbers, and words of `words.ts`. Never anything about a person. */
export type Parts = Readonly<Record<string, string | number>>

/** Why a condition is no longer told: it ended, or what it was about is gone. */
export type Ending = 'over' | 'moved' | 'replaced' | 'removed' | 'disabled'

/** Names of the place that a finding is about; of the service itself none. */
export interface FindingPlace {
  readonly site?: string
  readonly building?: string
  readonly point?: string
  readonly device?: string
}

/** The record that a finding was raised by. `event` is absent of a status, which has no id of its device's. */
export interface Source {
  readonly device: DeviceId
  readonly event?: EventId
}

/** What a rule says. Of one rule, place and cause there is one that is raised, and later one that is cleared. */
export interface Finding {
  readonly rule: string
  readonly kind: 'raised' | 'cleared'
  readonly severity: Severity
  readonly place: FindingPlace
  /** The same in every replay, and another for each time that it happens: an alert's id follows from rule, place and this. */
  readonly cause: string
  /** When it happened, by the device's clock. Epoch ms. */
  readonly occurredAt: number
  /** When what decided it was received, or a deadline passed. Epoch ms. */
  readonly receivedAt: number
  readonly parts: Parts
  /** Of one that is cleared. */
  readonly ending?: Ending
  /** The event that raised it; absent where a deadline did. */
  readonly source?: Source
}

export type Signal = Pick<Finding, 'kind' | 'cause' | 'occurredAt' | 'parts' | 'ending'>

/**
 * What a rule needs to know beside the record. Times in states are listening time (`listening.ts`), so that
 * a clock that is set and an hour without power move no deadline.
 */
export interface Moment {
  /** Listening time, ms. */
  readonly now: number
  /** When the record happened, in listening time. */
  readonly when: number
  /** It is history: it may end something, and never begins anything. */
  readonly late: boolean
  /** Who was let through or turned away at the point lately: when, never who. */
  readonly passages: Passages
  /** Whether the whole site is away, so that a single device of it is no news. */
  siteAway(): boolean
}

export type Observed = EventRecord | Gauge

export interface Step<S> {
  readonly state: S
  readonly signals: readonly Signal[]
}

/** A point is a door or a lane, whatever stands there; `service` is the machine that this runs on. */
export type Scope = 'point' | 'device' | 'site' | 'service'

/** One condition of a rule, from its raising to its clearing. */
export interface Episode {
  readonly cause: string
  /** When it occurred; epoch ms. */
  readonly at: number
  /** How often it was reported since. */
  readonly times: number
  readonly parts: Parts
  /** When it counts as over, in listening time; null while it goes on. */
  readonly clearAt: number | null
}

/** What can be said of a rule, however it is run: settings, pages and sentences are made of it. */
export interface Described {
  readonly name: string
  readonly scope: Scope
  readonly title: Text
  /** What it looks for and how it ends; a page is made of it. */
  readonly about: Text
  readonly raised: Text
  /** Tells those on duty what to do. */
  readonly advice: Text
  readonly cleared: Text
  readonly parameters: TObject
}

/**
 * A pure state machine. States are plain JSON. `expire` is called with `now` at what `due` said and moves it on;
 * a record that comes in the very millisecond of a deadline comes before it.
 */
export interface Rule<S = unknown, P = unknown> extends Described {
  readonly kinds: readonly (Kind | 'gauge')[]
  next(state: S | undefined, observed: Observed, moment: Moment, parameters: P): Step<S>
  expire(state: S, moment: Moment, parameters: P): Step<S>
  /** When `expire` wants to be called, in listening time; Infinity for never. */
  due(state: S, parameters: P): number
  /** What is raised now. */
  episodes(state: S): readonly Episode[]
}

/** Keeps a rule's own types to its file. */
export const defineRule = <S, P>(rule: Rule<S, P>): Rule => rule as Rule
