/**
 * A threshold that holds a budget of episodes a week, from a series' own scores and no labels. How many episodes each
 * threshold would have made is kept as a histogram: a score that rises from below a level to above it begins one there.
 */
export interface Budget {
  /** Episodes that began at a level, less those that were under way there; summed from the top, episodes per level. */
  readonly rises: readonly number[]
  /** Bins that were scored, decayed like the rises. */
  readonly bins: number
  /** The latest scores, as levels: what is above one of them goes on. */
  readonly recent: readonly number[]
}

const levels = 240
const perUnit = 4
const lowest = -10

export const noBudget: Budget = { rises: Array<number>(levels).fill(0), bins: 0, recent: [] }

/** Quarters of a nat up to 10 above nothing; above 20 a level is a constant ratio. */
function levelOf(score: number): number {
  const bent = score <= 20 ? score : 20 + 20 * Math.log(score / 20)
  return Math.max(0, Math.min(levels - 1, Math.floor((bent - lowest) * perUnit)))
}

function scoreOf(level: number): number {
  const bent = level / perUnit + lowest
  return bent <= 20 ? bent : 20 * Math.exp((bent - 20) / 20)
}

/** `null` is a bin that is missing. `bridge` is how many bins below may lie within an episode. */
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

/** A week later. */
export function aged(budget: Budget, keep: number): Budget {
  return {
    ...budget,
    rises: budget.rises.map(rise => Math.round(rise * keep * 1e4) / 1e4),
    bins: budget.bins * keep,
  }
}

/** The lowest threshold that would have kept within the budget; undefined while there are no scores. */
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
