import { type Counted, logProbability, logProbabilityOfSum } from './negative-binomial.ts'
import type { FlowParameters } from './parameters.ts'
import type { Expected } from './usual.ts'

/**
 * ln P(usual), ln P(too much), ln P(too little), given all counts so far: a Markov-modulated Poisson process, filtered
 * forward (Ihler, Hutchins, Smyth, "Adaptive event detection with time-varying Poisson processes", KDD 2006).
 */
export type Belief = readonly [usual: number, high: number, low: number]

export const firstBelief: Belief = [Math.log(0.98), Math.log(0.01), Math.log(0.01)]

export interface Chances {
  readonly enter: number
  readonly stayUsual: number
  readonly leave: number
  readonly stay: number
}

/** ln of the probabilities of entering and leaving a state from one bin to the next. */
export function chancesOf({ enterPer30Min, meanEventMin }: FlowParameters, stepMin: number): Chances {
  const enter = 1 - (1 - enterPer30Min) ** (stepMin / 30)
  const leave = 1 - Math.exp(-stepMin / meanEventMin)
  return {
    enter: Math.log(enter),
    stayUsual: Math.log(1 - 2 * enter),
    leave: Math.log(leave),
    stay: Math.log(1 - leave),
  }
}

/** The belief one bin later, without any new count. */
export function passed([usual, high, low]: Belief, { enter, stayUsual, leave, stay }: Chances): Belief {
  return normalised([
    sum(usual + stayUsual, sum(high, low) + leave),
    sum(high + stay, usual + enter),
    sum(low + stay, usual + enter),
  ])
}

/** ln of the probability of a count in each state. */
export type Likelihood = Belief

/** The likelihood if nothing is known. */
export const anything: Likelihood = [0, 0, 0]

export const weighed = (belief: Belief, [usual, high, low]: Likelihood): Belief =>
  normalised([belief[0] + usual, belief[1] + high, belief[2] + low])

/** The belief about a bin once later bins are known, from the belief at that bin and the later likelihoods in order. */
export function inHindsight(belief: Belief, later: readonly Likelihood[], chances: Chances): Belief {
  if (later.length === 0) return belief
  let [usual, high, low]: Likelihood = anything
  for (const next of later.toReversed()) {
    const [u, h, l] = [usual + next[0], high + next[1], low + next[2]]
    const { enter, stayUsual, leave, stay } = chances
    usual = sum(u + stayUsual, sum(h, l) + enter)
    high = sum(h + stay, u + leave)
    low = sum(l + stay, u + leave)
  }
  return weighed(belief, [usual, high, low])
}

/** The likelihood of a count, given the expected flow. `event` is the flow that an event adds. */
export function likelihoodOf(
  count: number,
  { mean, shape }: Expected,
  event: Counted,
  { lowShare }: FlowParameters,
  dispersion: number,
): Likelihood {
  const flow = { mean, size: 1 / (dispersion + 1 / shape) }
  return [
    logProbability(count, flow.mean, flow.size),
    logProbabilityOfEvent(count, flow, event),
    // Thinning a negative binomial keeps its size.
    logProbability(count, lowShare * flow.mean, flow.size),
  ]
}

/** Now and then an event is many times larger than the others. */
const largerBy = [4, 16, 64]
const logShareLarger = Math.log(0.02)

/**
 * ln P(count) if an event adds to the flow. At a door that hardly anybody uses, the usual flow has a longer tail than
 * one event size: without larger ones, sixty people would be less of an event than three. Larger ones are computed only
 * where they can matter.
 */
function logProbabilityOfEvent(count: number, flow: Counted, event: Counted): number {
  let all = logProbabilityOfSum(count, flow, event)
  for (const times of largerBy) {
    if (count < (times / 2) * (flow.mean + event.mean)) break
    all = sum(all, logShareLarger + logProbabilityOfSum(count, flow, { ...event, mean: times * event.mean }))
  }
  return all
}

/** ln odds of too much, and of too little, against everything else. */
export const logOdds = ([usual, high, low]: Belief) => ({
  high: high - sum(usual, low),
  low: low - sum(usual, high),
})

function normalised([usual, high, low]: Belief): Belief {
  const all = sum(usual, sum(high, low))
  return [usual - all, high - all, low - all]
}

/** ln(e^a + e^b). */
function sum(a: number, b: number): number {
  const more = Math.max(a, b)
  return more === Number.NEGATIVE_INFINITY ? more : more + Math.log1p(Math.exp(Math.min(a, b) - more))
}
