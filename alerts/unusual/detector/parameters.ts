/**
 * One set for doors and roads and for bins of 5 to 60 minutes. Lengths are in minutes and probabilities are per half
 * hour, so that nothing depends on the length of a bin.
 */
export interface FlowParameters {
  /** Factor applied to what was learned, at each visit of a slot of the week: 0.95 halves it in 14 weeks. */
  readonly keep: number
  /** Weight of the day type's profile, in visits of the slot itself. */
  readonly profileVisits: number
  /** The profile averages over neighbours up to this far away. */
  readonly smoothMin: number
  /** Variance of the usual flow beyond Poisson, as a fraction of its square. It is fixed: if learned, it would include events. */
  readonly dispersion: number
  /** The same for holidays, which differ a little from each other. */
  readonly holidayDispersion: number
  /** Flow that an event adds, as a fraction of the profile's 90th percentile, and the size of its negative binomial. */
  readonly eventShare: number
  readonly eventSize: number
  /** Fraction of the usual flow that remains when there is too little. */
  readonly lowShare: number
  /** Probability that an event begins within half an hour, and its mean length. */
  readonly enterPer30Min: number
  readonly meanEventMin: number
  /** How far the ln odds may fall before the score does, as long as they are above `slackAbove`. */
  readonly slack: number
  readonly slackAbove: number
  /** Bins shorter than this are judged this much later, together with the bins after them: one bin of five minutes says little. */
  readonly hindsightMin: number
  /** At or above these ln odds, a bin is judged without waiting. */
  readonly plainScore: number
  /** Flow that is unusual for this long, or this many times in a row in the same slot, is the new usual. */
  readonly relearnAfterMin: number
  readonly relearnAfterVisits: number
  /** Weight with which the new usual is then learned, in visits. */
  readonly relearnWeight: number
  /** Factor by which the median of the latest days must lie above or below what was expected, to be a new level. */
  readonly levelBand: number
  /** If nothing is counted while this many were expected, it is an outage: nothing is learned, and it is one episode. */
  readonly outageExpected: number
  /** For bins shorter than half an hour: a gap of up to this long does not end an episode. */
  readonly bridgeMin: number
  /**
   * Lower bound of the threshold. At 0 an episode is more likely than not, and quiet places stay far below their
   * budget. On small doors that loses a quarter of the events (measured with a budget of 4), so for `high` only the
   * budget matters.
   */
  readonly leastScore: { readonly high: number; readonly low: number }
  /** No period of seven days holds more episodes than this many times the budget. */
  readonly mostBudgets: number
  /** Nothing is reported before this. The threshold is learned from the second week on. */
  readonly silentMin: number
  /** Factor applied each week to the scores that determine the threshold. */
  readonly keepScores: number
}

const weekMin = 7 * 24 * 60

export const flowParameters: FlowParameters = {
  keep: 0.95,
  profileVisits: 4,
  smoothMin: 30,
  dispersion: 0.01,
  holidayDispersion: 0.05,
  eventShare: 0.5,
  eventSize: 5,
  lowShare: 0.3,
  enterPer30Min: 0.004,
  meanEventMin: 60,
  slack: 4,
  slackAbove: -1.5,
  hindsightMin: 15,
  plainScore: 12,
  relearnAfterMin: 24 * 60,
  relearnAfterVisits: 3,
  relearnWeight: 2,
  levelBand: 1.35,
  outageExpected: 30,
  bridgeMin: 30,
  leastScore: { high: -10, low: 0 },
  mostBudgets: 3,
  silentMin: 2 * weekMin,
  keepScores: 0.9,
}
