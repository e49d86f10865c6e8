import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aged,
  type Budget,
  noBudget,
  thresholdOf,
  withScore,
} from '../../../alerts/unusual/detector/budget.ts'
import { stepEpisode } from '../../../alerts/unusual/detector/episode.ts'
import {
  anything,
  chancesOf,
  inHindsight,
  type Likelihood,
  weighed,
} from '../../../alerts/unusual/detector/filter.ts'
import { levelOf, noLevel, withCount, withDay } from '../../../alerts/unusual/detector/level.ts'
import {
  logGamma,
  logProbability,
  logProbabilityOfSum,
} from '../../../alerts/unusual/detector/negative-binomial.ts'
import { flowParameters } from '../../../alerts/unusual/detector/parameters.ts'
import { admitToStation, quietStation } from '../../../alerts/unusual/detector/station.ts'

describe('hindsight', () => {
  const chances = chancesOf(flowParameters, 5)
  const { enter, stayUsual, leave, stay } = chances
  /** ln of the chance of a step from one state to another. */
  const steps = [[stayUsual, enter, enter], [leave, stay, Number.NEGATIVE_INFINITY], [leave, Number.NEGATIVE_INFINITY, stay]] // biome-ignore format: a matrix
  const ln = fc.double({ min: -12, max: 0, noNaN: true })
  const three = fc.tuple(ln, ln, ln)

  test('is the belief that all paths from then on come to', () => {
    fc.assert(
      fc.property(three, fc.array(three, { maxLength: 4 }), (weights, later) => {
        const belief = weighed(anything, weights)
        /** Of all paths that begin in a state. */
        const chanceFrom = (state: number, rest: readonly Likelihood[]): number => {
          const [next, ...others] = rest
          if (next === undefined) return 1
          return [0, 1, 2].reduce(
            (sum, to) => sum + Math.exp(steps[state]![to]! + next[to]!) * chanceFrom(to, others),
            0,
          )
        }
        const all = belief.map((start, state) => Math.exp(start) * chanceFrom(state, later))
        const total = all.reduce((sum, one) => sum + one, 0)
        const found = inHindsight(belief, later, chances).map(Math.exp)
        for (const [state, one] of found.entries()) expect(one).toBeCloseTo(all[state]! / total, 9)
      }),
    )
  })

  test('of nothing known changes nothing that lasts', () => {
    const belief = weighed(anything, [-1, -2, -3])
    for (const later of [[], [anything, anything]])
      for (const [state, one] of inHindsight(belief, later, chances).entries())
        expect(one).toBeCloseTo(belief[state]!, 9)
  })
})

describe('the negative binomial', () => {
  test('has the logarithm of the factorial', () => {
    let factorial = 0
    for (let n = 1; n <= 170; n++) {
      expect(logGamma(n)).toBeCloseTo(factorial, 9)
      factorial += Math.log(n)
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 9)
  })

  test('sums to one, with the mean and variance that it is given', () => {
    for (const { mean, size } of [
      { mean: 0.02, size: 0.5 },
      { mean: 7, size: 3 },
      { mean: 60, size: 90 },
    ]) {
      const chances = Array.from({ length: 2000 }, (_, count) => Math.exp(logProbability(count, mean, size)))
      const moment = (power: number) => chances.reduce((sum, p, count) => sum + p * count ** power, 0)
      expect(moment(0)).toBeCloseTo(1, 6)
      expect(moment(1)).toBeCloseTo(mean, 4)
      expect(moment(2) - moment(1) ** 2).toBeCloseTo(mean + mean ** 2 / size, 2)
    }
  })

  test('of a sum is near the sum over all splits, where counts are high', () => {
    const usual = { mean: 20, size: 30 }
    const event = { mean: 10, size: 5 }
    for (let count = 25; count <= 65; count++) {
      let exact = 0
      for (let of = 0; of <= count; of++)
        exact += Math.exp(
          logProbability(of, usual.mean, usual.size) + logProbability(count - of, event.mean, event.size),
        )
      expect(Math.abs(logProbabilityOfSum(count, usual, event) - Math.log(exact))).toBeLessThan(0.3)
    }
  })
})

describe('the threshold of a budget', () => {
  /** Runs of scores from a threshold on; a gap of up to `bridge` bins does not end one. */
  function runs(scores: readonly (number | null)[], threshold: number, bridge: number): number {
    let count = 0
    let below = Number.POSITIVE_INFINITY
    for (const score of scores) {
      const above = score !== null && score >= threshold
      if (above && below > bridge) count++
      below = above ? 0 : below + 1
    }
    return count
  }

  test('would have made as many episodes as are allowed, and a lower one more', () => {
    // Scores are kept as levels a quarter apart: these lie in the middle of one.
    const level = fc.integer({ min: -36, max: 78 }).map(quarters => quarters / 4 + 0.125)
    const score = fc.option(level, { freq: 20, nil: null })
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 50, maxLength: 400 }),
        fc.constantFrom(0, 3),
        fc.integer({ min: 1, max: 12 }),
        (scores, bridge, allowed) => {
          let budget: Budget = noBudget
          for (const one of scores) budget = withScore(budget, one, bridge, true)
          const scored = scores.filter(one => one !== null).length
          if (scored === 0) return
          const threshold = thresholdOf(budget, allowed, scored)!
          expect(runs(scores, threshold + 0.125, bridge)).toBeLessThanOrEqual(allowed)
          if (threshold > -9.75) expect(runs(scores, threshold - 0.125, bridge)).toBeGreaterThan(allowed)
        },
      ),
    )
  })

  test('is none without scores, and the same after a week without any', () => {
    expect(thresholdOf(noBudget, 1, 336)).toBeUndefined()
    let budget = noBudget
    for (let bin = 0; bin < 336; bin++)
      budget = withScore(budget, bin % 50 === 0 ? 5 + bin / 50 : -4, 0, true)
    expect(thresholdOf(aged(budget, 0.9), 3, 336)).toBeCloseTo(thresholdOf(budget, 3, 336)!, 1)
  })
})

describe('an episode', () => {
  const bin = (at: number, flagged: boolean, actual = 10) => ({
    at,
    end: at + 5,
    flagged,
    expected: 4,
    actual,
    score: actual,
  })
  function story(flags: string, bridge: number) {
    let open: Parameters<typeof stepEpisode>[0]
    return [...flags].flatMap((flag, index) => {
      const step = stepEpisode(open, bin(index * 5, flag === '!'), bridge)
      open = step.open
      return step.changes.map(
        ({ change, episode }) => `${change} ${episode.begin}-${episode.end} ${episode.actual}`,
      )
    })
  }
  const cases = [
    { title: 'ends with the first quiet bin where nothing is bridged', flags: '.!!..', bridge: 0, says: ['began 5-10 10', 'grew 5-15 20', 'ended 5-15 20'] },
    { title: 'goes on over a gap that is bridged, with what was counted in it', flags: '!..!.', bridge: 10, says: ['began 0-5 10', 'grew 0-20 40'] },
    { title: 'ends without what was counted after it', flags: '!...', bridge: 10, says: ['began 0-5 10', 'ended 0-5 10'] },
    { title: 'is followed by another after a longer gap', flags: '!...!', bridge: 10, says: ['began 0-5 10', 'ended 0-5 10', 'began 20-25 10'] },
  ] // biome-ignore format: a table
  for (const { title, flags, bridge, says } of cases)
    test(title, () => expect(story(flags, bridge)).toEqual(says))

  test('ends with the bin that follows a long silence, which may begin another', () => {
    const { open } = stepEpisode(undefined, bin(0, true), 0)
    expect(stepEpisode(open, bin(100, true), 0).changes.map(({ change }) => change)).toEqual([
      'ended',
      'began',
    ])
  })
})

describe('the level of the flow', () => {
  const day = { date: '', weekday: 1, minute: 0, dayType: 'workday', ordinary: true } as const
  const levelAfter = (ratios: readonly number[], slot: Parameters<typeof withDay>[1] = day) =>
    withDay(
      ratios.reduce((level, ratio) => withCount(withDay(level, slot), ratio * 100, 100), noLevel),
      day,
    )
  const cases = [
    { title: 'is one while days are as expected', ratios: [1, 1.1, 0.9, 1, 1.2], level: 1 },
    { title: 'is that of most of the latest five workdays', ratios: [1, 1, 2, 2, 2], level: 2 },
    { title: 'is not moved by an event of two days', ratios: [1, 1, 1, 3, 3], level: 1 },
    { title: 'follows too little as well', ratios: [0.5, 0.5, 0.5, 0.5, 0.5], level: 0.5 },
    { title: 'is bounded', ratios: [90, 90, 90, 90, 90], level: 5 },
    { title: 'waits for five days', ratios: [2, 2, 2, 2], level: 1 },
  ]
  for (const { title, ratios, level } of cases)
    test(title, () => expect(levelOf(levelAfter(ratios), 'workday', flowParameters)).toBeCloseTo(level))

  test('learns nothing of holidays, and nothing of weekends from workdays', () => {
    const twice = [2, 2, 2, 2, 2]
    expect(levelOf(levelAfter(twice, { ...day, ordinary: false }), 'workday', flowParameters)).toBe(1)
    expect(levelOf(levelAfter(twice), 'sunday', flowParameters)).toBe(1)
  })
})

describe('a station', () => {
  const finding = (place: string, actual: number, expected: number) => ({
    place,
    episode: { begin: 0, end: 1, expected, actual, score: 1 },
  })

  test('is told of the largest excess first, and of no more than its cap within a day', () => {
    const hour = 3_600_000
    const first = admitToStation(
      quietStation,
      [finding('a', 9, 2), finding('b', 90, 40), finding('c', 0, 30)],
      0,
      3,
    )
    expect(first.told.map(({ place }) => place)).toEqual(['b', 'c', 'a'])
    const later = admitToStation(first.state, [finding('d', 500, 1)], 20 * hour, 3)
    expect(later).toMatchObject({ told: [], listed: [{ place: 'd' }] })
    const next = admitToStation(later.state, [finding('e', 8, 1), finding('f', 9, 1)], 25 * hour, 3)
    expect(next.told.map(({ place }) => place)).toEqual(['f', 'e'])
  })
})
