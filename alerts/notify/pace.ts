import { minuteMs, secondMs } from '../../core/clock.ts'
import type { Severity } from '../rules/rule.ts'

/** When messages went out lately: what the next one may have to wait for. */
export interface Pace {
  /** When the last one did, and how many have followed each other without a long pause before it. */
  readonly lastAt: number
  readonly step: number
  /** Tries, oldest first; as many as the limits look back on. */
  readonly tries: readonly number[]
}

/** No more than so many tries in any stretch of this length. */
export interface Limit {
  readonly count: number
  readonly perMs: number
}

/** `people` are told in messages that grow rarer and longer while more comes; `programs` at once, or nearly. */
export interface PacePolicy {
  readonly readers: 'people' | 'programs'
  readonly limits: readonly Limit[]
  /** Notices that one message may settle. */
  readonly atOnce: number
}

export const restedPace: Pace = { lastAt: 0, step: 0, tries: [] }

/** What a pace knows of something that waits. */
export interface Awaiting {
  readonly dueAt: number
  readonly severity: Severity
  /** It comes in crowds, and its like is on its way: everything of one cut cable. */
  readonly isCrowd: boolean
  readonly isEnd: boolean
}

/** Between a message and the next, the one after that, and so on. */
const pausesMs = [0, 20 * secondMs, minuteMs, 5 * minuteMs]
/** Quiet for so long, it begins at the first pause again. */
const restMs = 10 * minuteMs
const criticalMs = minuteMs
const programMs = 250
/** So long a cut cable takes to be noticed everywhere: keep-alives run out one after the other. */
const crowdMs = minuteMs
/** Nobody waits to hear that something has ended: it goes with others that do. */
const gatherMs = 2 * minuteMs

/** When something that waits may go out, if nothing else is said; it takes along all that is due. Epoch ms. */
export function goesAt({ readers, limits }: PacePolicy, pace: Pace, awaiting: Awaiting): number {
  const { dueAt, severity, isCrowd, isEnd } = awaiting
  const from = Math.max(
    dueAt + (isEnd ? gatherMs : 0),
    freeAt(limits, pace),
    pace.lastAt + (isCrowd ? crowdMs : 0),
  )
  if (readers === 'programs') return Math.max(from, pace.lastAt + programMs)
  const pauseMs = pausesMs[Math.min(pace.step, pausesMs.length - 1)]!
  const mostMs = severity === 'critical' && !isEnd ? criticalMs : Number.POSITIVE_INFINITY
  return Math.max(from, pace.lastAt + Math.min(pauseMs, mostMs))
}

/** A clock that was set back makes nobody wait for what it showed before. */
export function paceAt(pace: Pace, now: number): Pace {
  const isAhead = pace.lastAt > now || (pace.tries.at(-1) ?? 0) > now
  if (!isAhead) return pace
  return { ...pace, lastAt: Math.min(pace.lastAt, now), tries: pace.tries.map(at => Math.min(at, now)) }
}

/** When the limits allow another try. */
export function freeAt(limits: readonly Limit[], { tries }: Pace): number {
  return Math.max(0, ...limits.map(({ count, perMs }) => (tries.at(-count) ?? -perMs) + perMs))
}

export function afterTry({ limits }: PacePolicy, pace: Pace, now: number): Pace {
  const keep = Math.max(0, ...limits.map(({ count }) => count))
  return { ...pace, tries: keep === 0 ? [] : [...pace.tries, now].slice(-keep) }
}

export function afterMessage(pace: Pace, now: number): Pace {
  const isRested = now - pace.lastAt >= restMs
  return { ...pace, lastAt: now, step: isRested ? 1 : Math.min(pace.step + 1, pausesMs.length - 1) }
}
