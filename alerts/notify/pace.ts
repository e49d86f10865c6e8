import { minuteMs, secondMs } from '../../core/clock.ts'
import type { Severity } from '../rules/rule.ts'

/** Recent sending times, which decide how long the next message has to wait. */
export interface Pace {
  /** When the last message went out, and how many followed each other before it without a long pause. */
  readonly lastAt: number
  readonly step: number
  /** Times of tries, oldest first; as many as the limits need. */
  readonly tries: readonly number[]
}

/** At most this many tries within any period of this length. */
export interface Limit {
  readonly count: number
  readonly perMs: number
}

/** `people` get messages that become rarer and longer as more arrive; `programs` get them almost immediately. */
export interface PacePolicy {
  readonly readers: 'people' | 'programs'
  readonly limits: readonly Limit[]
  /** Most notices that one message may settle. */
  readonly atOnce: number
}

export const restedPace: Pace = { lastAt: 0, step: 0, tries: [] }

/** A waiting notice, as far as the pace needs to know it. */
export interface Awaiting {
  readonly dueAt: number
  readonly severity: Severity
  /** It belongs to a mass event, such as one cut cable, whose other alerts are about to follow. */
  readonly isCrowd: boolean
  readonly isEnd: boolean
}

/** Pause after a message before the next one, the one after that, and so on; indexed by `step`. */
const pausesMs = [0, 20 * secondMs, minuteMs, 5 * minuteMs]
/** After this much quiet, the pauses start over. */
const restMs = 10 * minuteMs
const criticalMs = minuteMs
const programMs = 250
/** A cut cable takes this long to be noticed everywhere: keep-alives expire one after the other. */
const crowdMs = minuteMs
/** An end is not urgent: it waits this long for other notices to go with. */
const gatherMs = 2 * minuteMs

/** When a waiting notice may go out if nothing else happens; the message takes along everything due. Epoch ms. */
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

/** If the clock was set back, times after `now` count as `now`. */
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
