import { dayMs, minuteMs } from '../../../core/clock.ts'
import type { LocalSlot } from '../../calendar/day.ts'
import { aged, thresholdOf, withScore } from './budget.ts'
import {
  anything,
  type Belief,
  chancesOf,
  firstBelief,
  inHindsight,
  likelihoodOf,
  logOdds,
  passed,
  weighed,
} from './filter.ts'
import { levelOf, withCount, withDay } from './level.ts'
import { type FlowParameters, flowParameters } from './parameters.ts'
import { bridgeBins, report } from './report.ts'
import {
  type FlowBin,
  type FlowFinding,
  type FlowSettings,
  type FlowState,
  type FlowStep,
  firstState,
  flowSides,
  type Sides,
  type WaitingBin,
} from './state.ts'
import { busyFlow, expectedAt, learn, streakAt } from './usual.ts'

/** A longer gap does not change the belief any further. */
const mostGapMin = 2 * 24 * 60
const weekMs = 7 * dayMs
const nothing = { count: null, expected: undefined, outage: false, scored: false, leftOut: false, likelihood: anything } as const // biome-ignore format: one thing

/** An episode that begins and grows in one step gives one finding, with its latest values. */
function withFinding(told: readonly FlowFinding[], next: FlowFinding): readonly FlowFinding[] {
  const last = told.at(-1)
  const isSame = last?.rule === next.rule && last.episode.begin === next.episode.begin
  if (!isSame || next.change !== 'grew' || last.change === 'ended') return [...told, next]
  return [...told.slice(0, -1), { ...last, episode: next.episode }]
}

/**
 * Judges the bins of one place and direction by the bins before them, and short bins also by those of the following
 * quarter of an hour. Pure: everything it knows is in the state.
 */
export function createFlowDetector(settings: FlowSettings, parameters: FlowParameters = flowParameters) {
  const { stepMin, budgetPerWeek } = settings
  const stepMs = stepMin * minuteMs
  const chances = chancesOf(parameters, stepMin)
  const bridge = bridgeBins(settings, parameters)
  const { hindsightMin } = parameters
  const hindsightBins = stepMin < hindsightMin ? Math.ceil(hindsightMin / stepMin) : 0

  /** Bins come in order; skipped ones count as missing. A bin that is not after the last one changes nothing. */
  function next(before: FlowState | undefined, bin: FlowBin, slot: LocalSlot): FlowStep {
    const known = before ?? firstState(bin.at, stepMs)
    if (bin.at <= known.at) return { state: known, verdicts: [], findings: [] }
    const gone = overGap(known, bin.at)
    const state = onNewDay(inNewWeek(gone.state, bin.at), slot)
    const count = slot.occasion === undefined ? bin.count : null
    return andThen(gone, judge({ ...state, at: bin.at }, slot, { at: bin.at, count }))
  }

  /** Handles the bins that were skipped. */
  function overGap(state: FlowState, at: number): FlowStep {
    const missing = Math.min(Math.round((at - state.at) / stepMs) - 1, mostGapMin / stepMin)
    let step: FlowStep = { state, verdicts: [], findings: [] }
    for (let bin = 1; bin <= missing; bin++) {
      const belief = passed(step.state.belief, chances)
      const leftOut = { ...nothing, at: state.at + bin * stepMs, belief, leftOut: true }
      step = andThen(step, { ...step.state, belief, waiting: [...(step.state.waiting ?? []), leftOut] })
    }
    return step
  }

  /**
   * Judges the bins that have waited long enough, oldest first. It judges all if the latest is clear by itself, or if
   * an episode has begun: that is then reported with everything known to belong to it.
   */
  function andThen({ verdicts, findings }: FlowStep, known: FlowState): FlowStep {
    const { waiting: all = [], ...rest } = known
    const { high, low } = logOdds(all.at(-1)?.belief ?? firstBelief)
    const isPlain = Math.max(high, low) >= parameters.plainScore
    let step: FlowStep = { state: rest, verdicts, findings }
    for (const [index, bin] of all.entries()) {
      const later = all.slice(index + 1).map(({ likelihood }) => likelihood)
      const { open } = step.state
      const mayWait = !isPlain && open.high === undefined && open.low === undefined
      if (mayWait && later.length < hindsightBins)
        return { ...step, state: { ...step.state, waiting: all.slice(index) } }
      step = settle(step, bin, inHindsight(bin.belief, later, chances))
    }
    return step
  }

  function settle({ state, verdicts, findings }: FlowStep, bin: WaitingBin, belief: Belief): FlowStep {
    const odds = logOdds(belief)
    // A bin without information only lets time pass.
    const scores = bin.scored ? held(state.scores, odds) : null
    const judged = withScores({ ...state, scores: scores ?? odds }, scores)
    if (bin.leftOut) return { state: judged, verdicts, findings }
    const step = report(judged, { ...bin, scores }, settings, parameters)
    return {
      state: step.state,
      verdicts: [...verdicts, ...step.verdicts],
      findings: step.findings.reduce(withFinding, findings),
    }
  }

  function thresholdsOf({ budgets }: FlowState): FlowState['thresholds'] {
    const thresholds: { high?: number; low?: number } = {}
    for (const side of flowSides) {
      const threshold = thresholdOf(budgets[side], budgetPerWeek[side], weekMs / stepMs)
      if (threshold !== undefined) thresholds[side] = threshold
    }
    return thresholds
  }

  /** Applies these settings now, instead of from next week on. */
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

  /** Learns from a count; the bin then waits to be judged. */
  function judge(known: FlowState, slot: LocalSlot, { at, count }: FlowBin): FlowState {
    const state = { ...known, belief: passed(known.belief, chances) }
    const waits = (after: FlowState, said: Partial<WaitingBin>): FlowState => {
      const bin = { ...nothing, at, count, belief: after.belief, ...said }
      return { ...after, waiting: [...(after.waiting ?? []), bin] }
    }
    const plain = expectedAt(state.usual, slot, stepMin, parameters)
    if (plain === undefined) {
      const usual = count === null ? state.usual : take(state, slot, count, 1, false)
      return waits({ ...state, usual }, {})
    }
    const expected = plain.mean * levelOf(state.level, slot.dayType, parameters)
    const missedCount = count === null ? state.missedCount : count > 0 ? 0 : state.missedCount + expected
    const outage = missedCount >= parameters.outageExpected
    // A missing count or an outage teaches nothing.
    if (count === null || outage) return waits({ ...state, missedCount }, { expected, outage })
    const event = {
      mean: Math.max(stepMin / 30, parameters.eventShare * state.busy),
      size: parameters.eventSize,
    }
    const dispersion = slot.ordinary ? parameters.dispersion : parameters.holidayDispersion
    const likelihood = likelihoodOf(count, { ...plain, mean: expected }, event, parameters, dispersion)
    const belief = weighed(state.belief, likelihood)
    const usually = Math.exp(belief[0])
    const unusual = usually < 0.5
    const unusualMin = unusual ? state.unusualMin + stepMin : 0
    const weight = unusual && isNewUsual(state, slot, unusualMin) ? parameters.relearnWeight : usually
    const learned = {
      ...state,
      belief,
      missedCount,
      unusualMin,
      level: withCount(state.level, count, plain.mean),
      usual: take(state, slot, count, weight, unusual),
    }
    return waits(learned, { expected, outage, scored: true, likelihood })
  }

  const take = ({ usual }: FlowState, slot: LocalSlot, count: number, weight: number, unusual: boolean) =>
    learn(usual, slot, count, { weight, unusual }, stepMin, parameters.keep)

  function isNewUsual({ usual }: FlowState, { weekday, minute, ordinary }: LocalSlot, unusualMin: number) {
    const times = streakAt(usual, weekday, Math.floor(minute / stepMin)) + 1
    return unusualMin >= parameters.relearnAfterMin || (ordinary && times >= parameters.relearnAfterVisits)
  }

  /** A score falls more slowly while the event is probably not over, so an event that weakens for a while remains one event. */
  const held = (before: Sides<number>, now: Sides<number>): Sides<number> => ({
    high: heldOne(before.high, now.high),
    low: heldOne(before.low, now.low),
  })
  const heldOne = (before: number, now: number) =>
    now > parameters.slackAbove ? Math.max(now, Math.min(before, now + parameters.slack)) : now

  function withScores(state: FlowState, scores: Sides<number> | null): FlowState {
    // Scores of the first week do not count: the profile knows nothing yet.
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
