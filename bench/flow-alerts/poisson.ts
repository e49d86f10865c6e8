import { aged, noBudget, thresholdOf, withScore } from '../../alerts/unusual/detector/budget.ts'
import { logProbability } from '../../alerts/unusual/detector/negative-binomial.ts'
import type { FlowBin } from '../../alerts/unusual/detector/state.ts'
import { dayMs } from '../../core/clock.ts'
import type { Stretch } from './score.ts'

/**
 * What a simple product does: how unlikely so many are, given the mean of the same slot of all past weeks. Its threshold
 * holds the same budget in the same way.
 */
export function poissonEvents(
  bins: readonly FlowBin[],
  stepMs: number,
  perWeek: number,
  silentMs: number,
): Stretch[] {
  const perWeekBins = (7 * dayMs) / stepMs
  const sums = new Map<number, { total: number; visits: number }>()
  const events: Stretch[] = []
  let budget = noBudget
  let threshold: number | undefined
  bins.forEach(({ at, count }, index) => {
    if (index > 0 && index % perWeekBins === 0) {
      threshold = thresholdOf(budget, perWeek, perWeekBins)
      budget = aged(budget, 1)
    }
    const slot = index % perWeekBins
    const { total, visits } = sums.get(slot) ?? { total: 0, visits: 0 }
    const score = count === null || visits === 0 ? null : surprise(count, Math.max(0.1, total / visits))
    budget = withScore(budget, score, 0, visits > 0)
    if (count !== null) sums.set(slot, { total: total + count, visits: visits + 1 })
    if (score === null || threshold === undefined || score < threshold) return
    if (at - bins[0]!.at < silentMs) return
    const last = events.at(-1)
    if (last?.end === at) events[events.length - 1] = { begin: last.begin, end: at + stepMs }
    else events.push({ begin: at, end: at + stepMs })
  })
  return events
}

/** −ln P(at least so many). A negative binomial of endless size is a Poisson. */
function surprise(count: number, mean: number): number {
  if (count === 0) return 0
  let tail = 0
  let part = 1
  for (let more = count + 1; part > 1e-9 || more < mean; more++) {
    tail += part
    part *= mean / more
  }
  return -(logProbability(count, mean, 1e9) + Math.log(tail))
}
