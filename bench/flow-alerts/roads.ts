import type { FlowBin } from '../../alerts/unusual/detector/state.ts'
import { dayMs, minuteMs } from '../../core/clock.ts'
import { createRandom, type Random } from '../../devices/town/random.ts'
import type { Stretch } from './score.ts'

export const roadStepMin = 5
export const roadWeeks = 25
const firstMonday = Date.UTC(2025, 3, 7)
const binsPerDay = (24 * 60) / roadStepMin

interface Game extends Stretch {
  /** A share of the road's peak. */
  readonly size: number
}

/**
 * A made-up slip road beside a stadium, in bins of five minutes: rush hours, days and minutes that differ by chance, more
 * traffic for an hour after each game, jumps that are nobody's event, and stretches that are missing.
 */
export function roadOf(seed: number): { readonly bins: FlowBin[]; readonly known: readonly Stretch[] } {
  const random = createRandom(seed, 'road')
  const peak = 22 + 14 * random.next()
  const games = gamesOf(random)
  const bins: FlowBin[] = []
  let [ofDay, ofBin] = [0, 0]
  for (let index = 0; index < roadWeeks * 7 * binsPerDay; index++) {
    const at = firstMonday + index * roadStepMin * minuteMs
    if (index % binsPerDay === 0) ofDay = 0.06 * random.normal()
    ofBin = 0.85 * ofBin + 0.06 * random.normal()
    const mean = peak * (usualAt(at) * Math.exp(ofDay + ofBin) + extraAt(at, games))
    bins.push({ at, count: random.poisson(mean) })
  }
  const somewhere = () => random.integer(0, bins.length - 1)
  for (let jump = 0; jump < 30; jump++) {
    const index = somewhere()
    const { at, count } = bins[index]!
    bins[index] = { at, count: Math.round((count ?? 0) * (1.7 + random.next()) + 3) }
  }
  for (let gap = 0; gap < 12; gap++) {
    const from = somewhere()
    for (let index = from; index < Math.min(bins.length, from + random.integer(0, 200)); index++)
      bins[index] = { at: bins[index]!.at, count: null }
  }
  return { bins, known: games }
}

/** Days with games come in rows of a week or so; they end at four in the afternoon, or at ten at night. */
function gamesOf(random: Random): Game[] {
  const games: Game[] = []
  for (let day = 2; day < roadWeeks * 7; day += random.integer(4, 8)) {
    for (let left = random.integer(5, 9); left > 0 && day < roadWeeks * 7; left--, day++) {
      if (random.next() < 0.12) continue
      const weekday = new Date(firstMonday + day * dayMs).getUTCDay()
      const isEarly = random.next() < (weekday === 0 ? 0.8 : weekday === 6 ? 0.4 : 0.08)
      const begin = firstMonday + day * dayMs + (isEarly ? 13 * 60 : 19 * 60) * minuteMs
      games.push({ begin, end: begin + random.integer(150, 195) * minuteMs, size: 0.2 + 0.9 * random.next() })
    }
  }
  return games
}

/** A share of the peak. */
function usualAt(at: number): number {
  const date = new Date(at)
  const hour = date.getUTCHours() + date.getUTCMinutes() / 60
  const hill = (middle: number, width: number, height: number) =>
    height * Math.exp(-((hour - middle) ** 2) / (2 * width * width))
  const isWeekend = date.getUTCDay() % 6 === 0
  const day = isWeekend
    ? hill(14, 4.5, 0.85)
    : hill(8, 1.6, 0.75) + hill(17.2, 2.2, 1) + hill(12.5, 2.5, 0.55)
  return 0.06 + day + hill(21, 2, 0.25)
}

function extraAt(at: number, games: readonly Game[]): number {
  let extra = 0
  for (const { end, size } of games) {
    const minutes = (at - end) / minuteMs
    if (Math.abs(minutes - 14) < 56) extra += size * Math.exp(-((minutes - 14) ** 2) / (2 * 14 ** 2))
  }
  return extra
}
