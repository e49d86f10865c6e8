/**
 * Finds a threshold that keeps to a budget of episodes per week, from a series' own scores and without labels. A
 * histogram counts how many episodes each threshold would have made: a score that rises from below a level to above it
 * begins one there.
 */
export interface Budget {
  /** Rises up to a level minus rises from it; the sum from the top down to a level is its number of episodes. */
  readonly rises: readonly number[]
  /** Number of bins scored, decayed like the rises. */
  readonly bins: number
  /** The latest scores as levels: up to the highest of them, an episode is already under way. */
  readonly recent: readonly number[]
}

const levels = 240
const perUnit = 4
const lowest = -10

export const noBudget: Budget = { rises: Array<number>(levels).fill(0), bins: 0, recent: [] }

/** Levels are quarters of a nat from -10 to 20; above 20 each level is a constant ratio. */
function levelOf(score: number): number {
  const bent = score <= 20 ? score : 20 + 20 * Math.log(score / 20)
  return Math.max(0, Math.min(levels - 1, Math.floor((bent - lowest) * perUnit)))
}

function scoreOf(level: number): number {
  const bent = level / perUnit + lowest
  return bent <= 20 ? bent : 20 * Math.exp((bent - 20) / 20)
}

/** `score` is null for a missing bin. `bridge` is how many bins in a row may lie below the threshold within an episode. */
export function withScore(budget: Budget, score: number | null, bridge: number, counts: boolean): Budget {
  const level = score === null ? 0 : levelOf(score)
  const recent = [...budget.recent, level].slice(-(bridge + 1))
  if (score === null || !counts) return { ...budget, recent }
  const before = Math.max(0, ...budget.recent)
  const bins = budget.bins + 1
  if (level <= before) return { ...budget, bins, recent }
  const rises = [...budget.rises]
  rises[level]! += 1
  if (before > 0) rises[before]! -= 1
  return { rises, bins, recent }
}

/** The budget a week later. */
export function aged(budget: Budget, keep: number): Budget {
  return {
    ...budget,
    rises: budget.rises.map(rise => Math.round(rise * keep * 1e4) / 1e4),
    bins: budget.bins * keep,
  }
}

/** The lowest threshold that would have kept to the budget; undefined while there are no scores. */
export function thresholdOf(
  { rises, bins }: Budget,
  perWeek: number,
  binsPerWeek: number,
): number | undefined {
  if (bins === 0) return undefined
  const allowed = (perWeek * bins) / binsPerWeek
  let episodes = 0
  for (let level = levels - 1; level > 0; level--) {
    const before = episodes
    episodes += rises[level]!
    if (episodes > allowed) {
      const part = (allowed - before) / (episodes - before)
      return scoreOf(level + 1) - part * (scoreOf(level + 1) - scoreOf(level))
    }
  }
  return scoreOf(0)
}
