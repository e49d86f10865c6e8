/**
 * One set for doors and roads and for bins of 5 to 60 minutes: lengths are in minutes, and what happens by chance is
 * per half hour, so that nothing depends on the bin.
 */
export interface FlowParameters {
  /** What a visit of a slot of the week keeps of what was learned before: 0.95 halves it in 14 weeks. */
  readonly keep: number
  /** How many visits the profile of the day type is worth beside those of the slot itself. */
  readonly profileVisits: number
  /** The profile takes in neighbours so far away. */
  readonly smoothMin: number
  /** Variance of the usual flow beyond Poisson, as a part of its square. Fixed: learned, it would take in events. */
  readonly dispersion: number
  /** The same on holidays, of which each is a little different. */
  readonly holidayDispersion: number
  /** What an event adds, as a part of the profile's 90th percentile, and the size of its negative binomial. */
  readonly eventShare: number
  readonly eventSize: number
  /** What is left of the usual flow when there is too little. */
  readonly lowShare: number
  /** Chance that an event begins within half an hour, and how long it lasts in the mean. */
  readonly enterPer30Min: number
  readonly meanEventMin: number
  /** How far the ln of the odds may fall before the score does, while it is above this. */
  readonly slack: number
  readonly slackAbove: number
  /** Bins shorter than this are judged so much later, with what came after them: one of five minutes alone says little. */
  readonly hindsightMin: number
  /** Above it, ln of the odds, nothing waits. */
  readonly plainScore: number
  /** What is unusual for so long, or so many times running in the same slot, is the new usual. */
  readonly relearnAfterMin: number
  readonly relearnAfterVisits: number
  /** And is then learned as if it had been seen so often. */
  readonly relearnWeight: number
  /** How far days must lie above or below what is expected of them, all of late, to be a new level. */
  readonly levelBand: number
  /** Nothing counted where so many were expected is an outage: nothing is learned, and it is one episode. */
  readonly outageExpected: number
  /** Bins shorter than half an hour: a gap of up to so long does not end an episode. */
  readonly bridgeMin: number
  /**
   * No threshold lies below. At 0 an episode is likelier than not, and quiet places stay far below their budget; on small
   * doors a quarter of the events is lost by that (measured with a budget of 4), so too much goes by the budget alone.
   */
  readonly leastScore: { readonly high: number; readonly low: number }
  /** No seven days hold more episodes than so many times the budget. */
  readonly mostBudgets: number
  /** Nothing is said before. The threshold is learned from the second week on. */
  readonly silentMin: number
  /** What a week keeps of the scores that the threshold is made from. */
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
