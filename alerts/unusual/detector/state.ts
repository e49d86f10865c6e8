import { dayMs } from '../../../core/clock.ts'
import { type Budget, noBudget } from './budget.ts'
import type { Episode, EpisodeChange, OpenEpisode } from './episode.ts'
import { type Belief, firstBelief, type Likelihood, logOdds } from './filter.ts'
import { type Level, noLevel } from './level.ts'
import { noUsual, type Usual } from './usual.ts'

export const flowSides = ['high', 'low'] as const
export type FlowSide = (typeof flowSides)[number]
export type Sides<T> = Readonly<Record<FlowSide, T>>

export interface FlowSettings {
  /** Divides a day; 5 to 60. */
  readonly stepMin: number
  /** Episodes a week that a place may have. */
  readonly budgetPerWeek: Sides<number>
}

/** Counts of [at, at + step); null where nothing is known, which is not 0. */
export interface FlowBin {
  readonly at: number
  readonly count: number | null
}

/** A bin that has been learned from, and not been judged yet. */
export interface WaitingBin extends FlowBin {
  readonly expected: number | undefined
  readonly outage: boolean
  /** False where nothing is known, or nothing was expected yet. */
  readonly scored: boolean
  /** It was left out: nothing is said of it. */
  readonly leftOut: boolean
  readonly belief: Belief
  readonly likelihood: Likelihood
}

/** All that is kept of a place and direction. JSON, of bounded size. */
export interface FlowState {
  readonly version: 1
  readonly firstAt: number
  /** The latest bin; an older one changes nothing. */
  readonly at: number
  readonly weeks: number
  readonly usual: Usual
  readonly belief: Belief
  /** Bins that wait for those after them, oldest first; none where bins are long. */
  readonly waiting?: readonly WaitingBin[]
  /** The latest, or what is left of them where bins are missing. */
  readonly scores: Sides<number>
  /** The local date, and the busy flow of such a day as it began. */
  readonly date: string
  readonly busy: number
  /** How long it has been unusual without a pause. */
  readonly unusualMin: number
  readonly level: Level
  /** What would have been counted since the last time that anything was. */
  readonly missedCount: number
  readonly budgets: Sides<Budget>
  readonly thresholds: Partial<Sides<number>>
  readonly open: Partial<Sides<OpenEpisode>>
  /** When the episodes of the last seven days began. */
  readonly begun: Sides<readonly number[]>
}

/** What is said of a bin. */
export interface FlowVerdict {
  readonly at: number
  /** Undefined before anything was seen at that time of such a day. */
  readonly expected: number | undefined
  /** ln of the odds of too much, of too little; null where nothing is known. */
  readonly scores: Sides<number> | null
  readonly flagged: Sides<boolean>
}

export interface FlowFinding {
  readonly rule: 'flow-high' | 'flow-low'
  readonly change: EpisodeChange
  readonly episode: Episode
}

export interface FlowStep {
  readonly state: FlowState
  /** The bins that were judged with this one: itself, or those before it that waited; left-out ones not. */
  readonly verdicts: readonly FlowVerdict[]
  readonly findings: readonly FlowFinding[]
}

export const firstState = (at: number, stepMs: number): FlowState => ({
  version: 1,
  firstAt: at,
  at: at - stepMs,
  weeks: 0,
  usual: noUsual(dayMs / stepMs),
  belief: firstBelief,
  scores: logOdds(firstBelief),
  date: '',
  busy: 0,
  unusualMin: 0,
  level: noLevel,
  missedCount: 0,
  budgets: { high: noBudget, low: noBudget },
  thresholds: {},
  open: {},
  begun: { high: [], low: [] },
})
