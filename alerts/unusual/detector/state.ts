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
  /** Must divide a day; 5 to 60. */
  readonly stepMin: number
  /** Episodes per week that a place may have. */
  readonly budgetPerWeek: Sides<number>
}

/** Count for [at, at + step); null if it is unknown, which is not 0. */
export interface FlowBin {
  readonly at: number
  readonly count: number | null
}

/** A bin that has been learned from, but not judged yet. */
export interface WaitingBin extends FlowBin {
  readonly expected: number | undefined
  readonly outage: boolean
  /** False if nothing is known, or nothing was expected yet. */
  readonly scored: boolean
  /** It was skipped, so it gets no verdict. */
  readonly leftOut: boolean
  readonly belief: Belief
  readonly likelihood: Likelihood
}

/** Everything kept of a place and direction. JSON of bounded size. */
export interface FlowState {
  readonly version: 1
  readonly firstAt: number
  /** The latest bin; older ones are ignored. */
  readonly at: number
  readonly weeks: number
  readonly usual: Usual
  readonly belief: Belief
  /** Bins that wait for later ones, oldest first; none if bins are long. */
  readonly waiting?: readonly WaitingBin[]
  /** Scores of the latest bin; for an unknown bin, the ln odds that remain. */
  readonly scores: Sides<number>
  /** Local date, and the busy flow of such a day when it began. */
  readonly date: string
  readonly busy: number
  /** How long flow has been unusual without a break. */
  readonly unusualMin: number
  readonly level: Level
  /** Expected flow since anything was last counted. */
  readonly missedCount: number
  readonly budgets: Sides<Budget>
  readonly thresholds: Partial<Sides<number>>
  readonly open: Partial<Sides<OpenEpisode>>
  /** Start times of the episodes of the last seven days. */
  readonly begun: Sides<readonly number[]>
}

/** The verdict on a bin. */
export interface FlowVerdict {
  readonly at: number
  /** Undefined until something has been seen at that time on such a day. */
  readonly expected: number | undefined
  /** ln odds of too much and of too little; null if nothing is known. */
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
  /** Verdicts on the bins judged in this step: this bin or earlier ones that waited, without skipped ones. */
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
