import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { noCalendar } from '../alerts/calendar/calendar.ts'
import { createSlots } from '../alerts/calendar/day.ts'
import { type FlowParameters, flowParameters } from '../alerts/unusual/detector/parameters.ts'
import { replay } from '../cli/backtest/replay.ts'
import { dayMs, minuteMs } from '../core/clock.ts'
import { LintelError } from '../core/errors.ts'
import { readCalIt2 } from './flow-alerts/calit2.ts'
import { poissonEvents } from './flow-alerts/poisson.ts'
import { roadOf, roadStepMin, roadWeeks } from './flow-alerts/roads.ts'
import { type FlowScore, type Stretch, scoreEvents } from './flow-alerts/score.ts'
import { round } from './machine.ts'

export const description =
  'unusual flow: known events of CalIt2 that are found, DIR [--flow 7|9] [--budget N]'

const stepMin = 30
const warmUpMs = 21 * dayMs

/**
 * `npm run bench -- flow-alerts DIR`: a directory with `CalIt2.data` and `CalIt2.events`. Weeks 4 on, the threshold from
 * the budget alone, no labels. `roads` are made up (flow-alerts/roads.ts).
 */
export async function run(
  options: Record<string, number>,
  [directory = process.env.LINTEL_FLOW_DATA]: readonly string[],
) {
  if (directory === undefined || !existsSync(join(directory, 'CalIt2.data')))
    throw new LintelError(
      'CONFIG_INVALID',
      'say where CalIt2.data and CalIt2.events are: npm run bench -- flow-alerts DIR, or in LINTEL_FLOW_DATA',
    )
  const { bins, known } = readCalIt2(directory, options.flow ?? 9)
  const slotAt = createSlots('UTC', noCalendar)
  const from = bins[0]!.at + warmUpMs
  const weeks = (bins.at(-1)!.at + stepMin * minuteMs - from) / (7 * dayMs)
  const judged = known.filter(({ begin }) => begin >= from)
  const judge = (budget: number, predicted: readonly Stretch[]) => ({
    name: `${budget} a week`,
    budget,
    ...shown(
      scoreEvents(
        predicted.filter(({ end }) => end > from),
        judged,
        weeks,
      ),
    ),
  })
  const budgets = options.budget === undefined ? [2, 3, 4, 5, 6] : [options.budget]
  const startedAt = performance.now()
  const found = budgets.map(budget => {
    const settings = { stepMin, budgetPerWeek: { high: budget, low: budget } }
    return judge(budget, replay(bins, settings, slotAt, 'high').episodes)
  })
  const microseconds = ((performance.now() - startedAt) / budgets.length / bins.length) * 1000
  return {
    budgets: found,
    baseline: budgets.map(budget =>
      judge(budget, poissonEvents(bins, stepMin * minuteMs, budget, 14 * dayMs)),
    ),
    roads: budgets.map(roads),
    microsecondsPerBin: round(microseconds, 1),
  }
}

const roadSeeds = [1, 2, 3, 4, 5, 6]

/** The share of known events that is found on made-up roads in bins of five minutes, with hindsight and without, in one run. */
function roads(budget: number) {
  const settings = { stepMin: roadStepMin, budgetPerWeek: { high: budget, low: budget } }
  const slotAt = createSlots('UTC', noCalendar)
  const share = (parameters: FlowParameters) => {
    let [known, detected, predicted] = [0, 0, 0]
    for (const seed of roadSeeds) {
      const road = roadOf(seed)
      const from = road.bins[0]!.at + warmUpMs
      const after = ({ begin }: Stretch) => begin >= from
      const { episodes } = replay(road.bins, settings, slotAt, 'high', parameters)
      const score = scoreEvents(episodes.filter(after), road.known.filter(after), roadWeeks - 3)
      known += score.known
      detected += score.detected
      predicted += score.predictedPerWeek / roadSeeds.length
    }
    return { detected: round(detected / known, 3), predictedPerWeek: round(predicted, 2) }
  }
  const without = share({ ...flowParameters, hindsightMin: 0 })
  return { name: `${budget} a week`, budget, ...share(flowParameters), without }
}

const shown = (score: FlowScore): FlowScore => ({
  ...score,
  predictedPerWeek: round(score.predictedPerWeek, 2),
  unlabelledPerWeek: round(score.unlabelledPerWeek, 2),
  chance: round(score.chance, 3),
  chanceElsewhere: round(score.chanceElsewhere, 3),
})
