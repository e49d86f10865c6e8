import { dayMs, minuteMs } from '../../../core/clock.ts'
import type { LocalSlot } from '../calendar/day.ts'
import { aged, thresholdOf, withScore } from './budget.ts'
import { chancesOf, logOdds, passed, weighed } from './filter.ts'
import { levelOf, withCount, withDay } from './level.ts'
import { type FlowParameters, flowParameters } from './parameters.ts'
import { bridgeBins, type Judged, report } from './report.ts'
import {
  type FlowBin,
  type FlowSettings,
  type FlowState,
  type FlowStep,
  firstState,
  flowSides,
  type Sides,
} from './state.ts'
import { busyFlow, expectedAt, learn, streakAt } from './usual.ts'

/** Longer gaps change the belief no further. */
const mostGapMin = 2 * 24 * 60
const weekMs = 7 * dayMs

/** Judges the bins of one place and direction, each by what came before it. Pure: the state is all it knows. */
export function createFlowDetector(settings: FlowSettings, parameters: FlowParameters = flowParameters) {
  const { stepMin, budgetPerWeek } = settings
  const stepMs = stepMin * minuteMs
  const chances = chancesOf(parameters, stepMin)
  const bridge = bridgeBins(settings, parameters)

  /** Bins come in order; those that are left out are missing. One that is not after the last changes nothing. */
  function next(before: FlowState | undefined, bin: FlowBin, slot: LocalSlot): FlowStep {
    const known = before ?? firstState(bin.at, stepMs)
    if (bin.at <= known.at) {
      const flagged = { high: false, low: false }
      return { state: known, verdict: { expected: undefined, scores: null, flagged }, findings: [] }
    }
    const state = onNewDay(inNewWeek(overGap(known, bin.at), bin.at), slot)
    const count = slot.occasion === undefined ? bin.count : null
    const { state: after, ...judged } = judge({ ...state, at: bin.at }, slot, count)
    return report(after, count, judged, settings, parameters)
  }

  /** Bins that were left out. */
  function overGap(state: FlowState, at: number): FlowState {
    const missing = Math.round((at - state.at) / stepMs) - 1
    let after = state
    for (let bin = 0; bin < Math.min(missing, mostGapMin / stepMin); bin++)
      after = unknown({ ...after, belief: passed(after.belief, chances) })
    return after
  }

  /** A bin of which nothing is known: it only lets time pass. */
  const unknown = (state: FlowState): FlowState =>
    withScores({ ...state, scores: logOdds(state.belief) }, null)

  function thresholdsOf({ budgets }: FlowState): FlowState['thresholds'] {
    const thresholds: { high?: number; low?: number } = {}
    for (const side of flowSides) {
      const threshold = thresholdOf(budgets[side], budgetPerWeek[side], weekMs / stepMs)
      if (threshold !== undefined) thresholds[side] = threshold
    }
    return thresholds
  }

  /** By these settings from now on, not from next week on. */
  const retune = (state: FlowState): FlowState => ({ ...state, thresholds: thresholdsOf(state) })

  function inNewWeek(state: FlowState, at: number): FlowState {
    const weeks = Math.floor((at - state.firstAt) / weekMs)
    if (weeks === state.weeks) return state
    const thresholds = thresholdsOf(state)
    const keep = parameters.keepScores ** (weeks - state.weeks)
    const { high, low } = state.budgets
    return { ...state, weeks, thresholds, budgets: { high: aged(high, keep), low: aged(low, keep) } }
  }

  function onNewDay(state: FlowState, slot: LocalSlot): FlowState {
    if (slot.date === state.date) return state
    const busy = busyFlow(state.usual, slot.dayType)
    return { ...state, date: slot.date, busy, level: withDay(state.level, slot) }
  }

  /** What is believed and learned of a count. */
  function judge(known: FlowState, slot: LocalSlot, count: number | null): Judged & { state: FlowState } {
    const state = { ...known, belief: passed(known.belief, chances) }
    const plain = expectedAt(state.usual, slot, stepMin, parameters)
    if (plain === undefined) {
      const usual = count === null ? state.usual : take(state, slot, count, 1, false)
      return { state: unknown({ ...state, usual }), expected: undefined, scores: null, outage: false }
    }
    const mean = plain.mean * levelOf(state.level, slot.dayType, parameters)
    const missedCount = count === null ? state.missedCount : count > 0 ? 0 : state.missedCount + mean
    const outage = missedCount >= parameters.outageExpected
    // What is not counted teaches nothing.
    if (count === null || outage)
      return { state: unknown({ ...state, missedCount }), expected: mean, scores: null, outage }
    const event = {
      mean: Math.max(stepMin / 30, parameters.eventShare * state.busy),
      size: parameters.eventSize,
    }
    const dispersion = slot.ordinary ? parameters.dispersion : parameters.holidayDispersion
    const belief = weighed(state.belief, count, { ...plain, mean }, event, parameters, dispersion)
    const usually = Math.exp(belief[0])
    const unusual = usually < 0.5
    const unusualMin = unusual ? state.unusualMin + stepMin : 0
    const weight = unusual && isNewUsual(state, slot, unusualMin) ? parameters.relearnWeight : usually
    const scores = held(state.scores, logOdds(belief))
    const learned = {
      ...state,
      belief,
      missedCount,
      unusualMin,
      scores,
      level: withCount(state.level, count, plain.mean),
      usual: take(state, slot, count, weight, unusual),
    }
    return { state: withScores(learned, scores), expected: mean, scores, outage }
  }

  const take = ({ usual }: FlowState, slot: LocalSlot, count: number, weight: number, unusual: boolean) =>
    learn(usual, slot, count, { weight, unusual }, stepMin, parameters.keep)

  function isNewUsual({ usual }: FlowState, { weekday, minute, ordinary }: LocalSlot, unusualMin: number) {
    const times = streakAt(usual, weekday, Math.floor(minute / stepMin)) + 1
    return unusualMin >= parameters.relearnAfterMin || (ordinary && times >= parameters.relearnAfterVisits)
  }

  /** An event that falters is one event, not two: a score falls by less while it is not yet likely to be over. */
  const held = (before: Sides<number>, now: Sides<number>): Sides<number> => ({
    high: heldOne(before.high, now.high),
    low: heldOne(before.low, now.low),
  })
  const heldOne = (before: number, now: number) =>
    now > parameters.slackAbove ? Math.max(now, Math.min(before, now + parameters.slack)) : now

  function withScores(state: FlowState, scores: Sides<number> | null): FlowState {
    // The scores of the first week are of a profile that knows nothing yet.
    const counts = state.weeks > 0
    const { high, low } = state.budgets
    return {
      ...state,
      budgets: {
        high: withScore(high, scores?.high ?? null, bridge, counts),
        low: withScore(low, scores?.low ?? null, bridge, counts),
      },
    }
  }

  return { next, retune }
}
