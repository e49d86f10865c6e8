import { dayMs, minuteMs } from '../../../core/clock.ts'
import { type OpenEpisode, stepEpisode } from './episode.ts'
import type { FlowParameters } from './parameters.ts'
import {
  type FlowFinding,
  type FlowSettings,
  type FlowState,
  type FlowStep,
  flowSides,
  type Sides,
  type WaitingBin,
} from './state.ts'

/** A bin with its scores. */
export interface Judged extends Pick<WaitingBin, 'at' | 'count' | 'expected' | 'outage'> {
  readonly scores: Sides<number> | null
}

/** Most bins that a gap within an episode may have: none if a bin is half an hour. */
export const bridgeBins = ({ stepMin }: FlowSettings, { bridgeMin }: FlowParameters) =>
  stepMin < bridgeMin ? Math.floor(bridgeMin / stepMin) : 0

/** Compares the scores of a bin with the thresholds, and opens, continues and ends episodes. */
export function report(
  state: FlowState,
  { at, count, expected, scores, outage }: Judged,
  settings: FlowSettings,
  parameters: FlowParameters,
): FlowStep {
  const end = at + settings.stepMin * minuteMs
  const bridgeMs = bridgeBins(settings, parameters) * settings.stepMin * minuteMs
  const speaks = at - state.firstAt >= parameters.silentMin * minuteMs
  const flagged = { high: false, low: false }
  const open: { high?: OpenEpisode; low?: OpenEpisode } = {}
  const begun = { ...state.begun }
  const findings: FlowFinding[] = []
  for (const side of flowSides) {
    const before = state.open[side]
    const goesOn = before !== undefined && at - before.end <= bridgeMs
    const recent = state.begun[side].filter(begin => begin > at - 7 * dayMs)
    // The threshold follows a change within a week or two; until then this limits the number of episodes.
    const mayBegin = recent.length < Math.ceil(parameters.mostBudgets * settings.budgetPerWeek[side])
    const score = scores?.[side] ?? 0
    const isUnusual =
      scores !== null &&
      score >= Math.max(state.thresholds[side] ?? Number.POSITIVE_INFINITY, parameters.leastScore[side])
    const isDead = outage && side === 'low'
    // In hindsight a bin may belong to something that shows only later: an episode begins with a bin that shows it.
    const shows = side === 'high' ? (count ?? 0) > (expected ?? 0) : (count ?? 0) < (expected ?? 0)
    flagged[side] = speaks && (isDead || (isUnusual && (goesOn || (mayBegin && shows))))
    const bin = {
      at,
      end,
      flagged: flagged[side],
      expected: count === null ? 0 : (expected ?? 0),
      actual: count ?? 0,
      score,
    }
    const { open: going, changes } = stepEpisode(before, bin, bridgeMs)
    if (going !== undefined) open[side] = going
    for (const change of changes) findings.push({ rule: `flow-${side}`, ...change })
    begun[side] = going?.begin === at ? [...recent, at] : recent
  }
  return { state: { ...state, open, begun }, verdicts: [{ at, expected, scores, flagged }], findings }
}
