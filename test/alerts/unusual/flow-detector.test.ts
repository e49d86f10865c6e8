import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noCalendar } from '../../../alerts/calendar/calendar.ts'
import { chinaCalendar } from '../../../alerts/calendar/china.ts'
import { createSlots } from '../../../alerts/calendar/day.ts'
import type { FlowBin } from '../../../alerts/unusual/detector/state.ts'
import { dayMs, hourMs, minuteMs } from '../../../core/clock.ts'
import { begun, firstMonday, makeSeries, type SeriesOptions, watch, weekMs } from './counts.ts'

const at = (week: number, day: number, hour = 0) => firstMonday + week * weekMs + day * dayMs + hour * hourMs
const within = (from: number, to: number) => (time: number) => time >= from && time < to
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

describe('a planted event', () => {
  const cases: (SeriesOptions & { title: string; plus: number })[] = [
    { title: 'at a door, half hours', seed: 1, plus: 25 },
    { title: 'at a door, quarters of an hour', seed: 2, stepMin: 15, plus: 13 },
    { title: 'at a door, five minutes', seed: 3, stepMin: 5, plus: 5 },
    { title: 'at a small door', seed: 4, scale: 1, plus: 10 },
    { title: 'at a door of heavy tails', seed: 5, dispersion: 0.1, plus: 40 },
    { title: 'on a road, five minutes', seed: 6, flow: 'road', scale: 1, stepMin: 5, plus: 15 },
    { title: 'on a road, half hours', seed: 7, flow: 'road', scale: 1, plus: 90 },
  ]
  for (const { title, plus, ...options } of cases)
    test(`${title}, is found within half an hour and told with what was counted and expected`, () => {
      const [from, to] = [at(8, 2, 14), at(8, 2, 16)]
      const isEvent = within(from, to)
      const stepMin = options.stepMin ?? 30
      const change = (time: number) => ({ plus: isEvent(time) ? plus : 0 })
      const { findings } = watch(makeSeries({ ...options, change }), { stepMin })
      // In hindsight, where bins are short, it may have begun a little before it shows.
      const earliest = stepMin < 15 ? from - 15 * minuteMs : from
      const found = begun(findings, 'flow-high', earliest).find(({ episode }) => episode.begin < to)
      expect(found?.episode.begin).toBeLessThan(from + 30 * minuteMs)
      const whole = findings.find(
        one => one.change === 'ended' && one.episode.begin === found?.episode.begin,
      )?.episode
      expect(whole!.end).toBeLessThan(to + hourMs)
      const bins = (whole!.end - whole!.begin) / (stepMin * minuteMs)
      const excess = whole!.actual - whole!.expected
      expect(excess).toBeGreaterThan(0.5 * plus * bins)
      expect(excess).toBeLessThan(1.5 * plus * bins)
    })

  test('does not become usual', () => {
    const isEvent = within(at(8, 2, 14), at(8, 2, 16))
    const quiet = watch(makeSeries({ seed: 1, weeks: 10 })).verdicts
    const busy = watch(
      makeSeries({ seed: 1, weeks: 10, change: time => ({ plus: isEvent(time) ? 40 : 0 }) }),
    ).verdicts
    const next = (at(9, 2, 15) - firstMonday) / (30 * minuteMs)
    expect(busy[next]!.expected! / quiet[next]!.expected!).toBeLessThan(1.1)
  })
})

test('what comes every week at the same time becomes usual, after three weeks', () => {
  const isMarket = (time: number) =>
    time >= at(5, 0) && within(14, 17)(((time - firstMonday) % weekMs) / hourMs)
  const bins = makeSeries({ seed: 8, weeks: 24, change: time => ({ plus: isMarket(time) ? 40 : 0 }) })
  const { verdicts } = watch(bins)
  const expectedAt = (week: number) => verdicts[(at(week, 0, 15) - firstMonday) / (30 * minuteMs)]!.expected!
  expect(expectedAt(6)).toBeLessThan(expectedAt(5) + 8)
  expect(expectedAt(23)).toBeGreaterThan(expectedAt(5) + 25)
})

describe('a budget', () => {
  test('is about what quiet places get, whatever their size, noise and bins', () => {
    const places = fc.record({
      seed: fc.nat(1e6),
      scale: fc.constantFrom(2, 4, 10),
      dispersion: fc.constantFrom(0, 0.02, 0.1),
      flow: fc.constantFrom('resident' as const, 'road' as const),
    })
    fc.assert(
      fc.property(places, fc.constantFrom(1, 3), (place, budget) => {
        const weeks = 16
        const scale = place.flow === 'road' ? 0.2 : place.scale
        const { findings } = watch(makeSeries({ ...place, scale, weeks }), { budget })
        const perWeek = begun(findings, 'flow-high').length / (weeks - 2)
        expect(perWeek).toBeGreaterThan(0.2 * budget)
        expect(perWeek).toBeLessThan(1.75 * budget)
      }),
      { numRuns: 12, seed: 7 },
    )
  })

  test('is passed by at most three times in any seven days, even where all has changed', () => {
    const bins = makeSeries({ seed: 9, change: time => ({ times: time >= at(6, 0) ? 3 : 1 }) })
    const begins = begun(watch(bins, { budget: 2 }).findings, 'flow-high').map(({ episode }) => episode.begin)
    for (const begin of begins)
      expect(begins.filter(within(begin, begin + weekMs)).length).toBeLessThanOrEqual(6)
  })

  test('says nothing within the first two weeks', () => {
    const isEvent = within(at(1, 3, 14), at(1, 3, 17))
    const bins = makeSeries({ seed: 10, weeks: 4, change: time => ({ plus: isEvent(time) ? 80 : 0 }) })
    const { findings } = watch(bins, { budget: 5 })
    expect(findings.length).toBeGreaterThan(0)
    expect(Math.min(...findings.map(({ episode }) => episode.begin))).toBeGreaterThanOrEqual(at(2, 0))
  })
})

describe('a change for good', () => {
  for (const times of [2, 0.5])
    test(`to ${times} times the flow is the usual after two weeks`, () => {
      const bins = makeSeries({
        seed: 11,
        weeks: 14,
        change: time => ({ times: time >= at(8, 0) ? times : 1 }),
      })
      const { verdicts, findings } = watch(bins)
      const week = (number: number) => {
        const [from, to] = [number * 336, (number + 1) * 336]
        return (
          sum(verdicts.slice(from, to).map(({ expected }) => expected!)) /
          sum(bins.slice(from, to).map(({ count }) => count!))
        )
      }
      for (const number of [10, 11, 12, 13]) {
        expect(week(number)).toBeGreaterThan(0.75)
        expect(week(number)).toBeLessThan(1.3)
      }
      const rule = times > 1 ? 'flow-high' : 'flow-low'
      expect(begun(findings, rule, at(8, 0)).filter(({ episode }) => episode.begin < at(9, 0))).not.toEqual(
        [],
      )
      expect(begun(findings, rule, at(10, 0)).length).toBeLessThanOrEqual(8)
    })
})

describe('a counter that counts nothing any more', () => {
  const [from, to] = [at(7, 2, 11), at(9, 3, 9)]
  const bins = makeSeries({
    seed: 12,
    weeks: 12,
    change: time => ({ times: within(from, to)(time) ? 0 : 1 }),
  })
  const { verdicts, findings } = watch(bins)

  test('is one episode of too little, not one each day', () => {
    const low = begun(findings, 'flow-low', from).filter(({ episode }) => episode.begin < to)
    expect(low.length).toBe(1)
    const [end] = findings.filter(
      one => one.change === 'ended' && one.episode.begin === low[0]!.episode.begin,
    )
    expect(end!.episode.end).toBe(to)
    expect(end!.episode.actual).toBe(0)
  })

  test('does not make nothing usual', () => {
    const index = (time: number) => (time - firstMonday) / (30 * minuteMs)
    const before = verdicts[index(at(6, 3, 18))]!.expected!
    expect(verdicts[index(at(9, 3, 18))]!.expected! / before).toBeGreaterThan(0.8)
    expect(begun(findings, 'flow-high', to).filter(({ episode }) => episode.begin < to + dayMs)).toEqual([])
  })
})

describe('what is missing', () => {
  const all = makeSeries({ seed: 13 })
  const isGap = within(at(6, 1, 7), at(7, 2, 19))

  test('is not nothing: it alarms nobody and teaches nothing', () => {
    const { findings, verdicts } = watch(all.map(bin => (isGap(bin.at) ? { ...bin, count: null } : bin)))
    expect(findings.filter(({ episode }) => isGap(episode.begin))).toEqual([])
    const gap = verdicts.filter((_, index) => isGap(all[index]!.at))
    expect(gap.every(({ scores, flagged }) => scores === null && !flagged.high && !flagged.low)).toBe(true)
  })

  test('is the same whether bins are left out or said to be missing', () => {
    const said = watch(all.map(bin => (isGap(bin.at) ? { ...bin, count: null } : bin)))
    const left = watch(all.filter(({ at: time }) => !isGap(time)))
    const after = all.filter(({ at: time }) => time >= at(7, 2, 19)).length
    const scores = ({ verdicts }: typeof said) => verdicts.slice(-after).map(one => one.scores!.high)
    scores(said).forEach((score, index) => {
      expect(score).toBeCloseTo(scores(left)[index]!, 6)
    })
  })

  test('is a bin that comes late, twice or after the clock was set back: it changes nothing', () => {
    const { state } = watch(all)
    const again = watch(all.slice(-100), { from: state })
    expect(again.state).toBe(state)
    expect(again.findings).toEqual([])
  })
})

describe('the calendar', () => {
  // 1 to 7 October 2026 are holidays in China; the tenants stay at home as on a Sunday.
  const start = Date.UTC(2026, 7, 2, 16)
  const holiday = within(Date.UTC(2026, 8, 30, 16), Date.UTC(2026, 9, 7, 16))
  const bins: FlowBin[] = makeSeries({ seed: 14, weeks: 12, scale: 6 }).map((bin, index) => ({
    ...bin,
    at: start + index * 30 * minuteMs,
  }))
  const sundays = bins.filter(({ at: time }) => new Date(time + 8 * hourMs).getUTCDay() === 0)
  const lived = bins.map(bin => {
    const of = ((bin.at - start) / (30 * minuteMs)) % 48
    return holiday(bin.at) ? { ...bin, count: Math.round(sundays[of + 48]!.count! * 0.6) } : bin
  })
  const run = (calendar: typeof chinaCalendar) =>
    watch(lived, { slotAt: createSlots('Asia/Shanghai', calendar) }).findings.filter(
      ({ change, episode }) => change === 'began' && holiday(episode.begin),
    )

  test('spares staff the alarms of a holiday', () => {
    expect(run(chinaCalendar).length).toBeLessThan(run(noCalendar).length)
  })

  test('spares them those of a declared occasion, and learns nothing of it', () => {
    const isFair = within(at(8, 2, 9), at(8, 2, 21))
    const fair = { name: 'fair', from: at(8, 2, 9), to: at(8, 2, 21) }
    const slotAt = createSlots('UTC', { ...noCalendar, occasions: [fair] })
    const change = (time: number) => ({ plus: isFair(time) ? 60 : 0 })
    const { findings, verdicts } = watch(makeSeries({ seed: 15, change }), { slotAt })
    expect(findings.filter(({ episode }) => isFair(episode.begin))).toEqual([])
    expect(verdicts[(at(8, 2, 12) - firstMonday) / (30 * minuteMs)]!.scores).toBeNull()
  })
})

const noisy = fc.record({
  seed: fc.nat(1e6),
  stepMin: fc.constantFrom(15, 30),
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  budget: fc.constantFrom(1, 5),
})
const withEvents = (seed: number, stepMin: number) =>
  makeSeries({
    seed,
    stepMin,
    weeks: 6,
    change: time => ({ plus: Math.floor(time / (3 * hourMs)) % 37 === seed % 37 ? 20 : 0 }),
  }).map((bin, index) => (index % 101 < 3 ? { ...bin, count: null } : bin))

test('a state that was saved and read at any bin goes on as if it had not been', () => {
  fc.assert(
    fc.property(noisy, ({ seed, stepMin, cut, budget }) => {
      const bins = withEvents(seed, stepMin)
      const whole = watch(bins, { stepMin, budget })
      const before = watch(bins.slice(0, 1 + Math.floor(cut * (bins.length - 2))), { stepMin, budget })
      const from = JSON.parse(JSON.stringify(before.state)) as typeof before.state
      const after = watch(bins.slice(before.verdicts.length), { stepMin, budget, from })
      expect([...before.verdicts, ...after.verdicts]).toEqual(whole.verdicts)
      expect([...before.findings, ...after.findings]).toEqual(whole.findings)
      expect(after.state).toEqual(whole.state)
    }),
    { numRuns: 15 },
  )
})

test('what comes later never changes what was said', () => {
  fc.assert(
    fc.property(noisy, fc.nat(300), ({ seed, stepMin, cut, budget }, later) => {
      const bins = withEvents(seed, stepMin)
      const split = 1 + Math.floor(cut * (bins.length - 2))
      const other = bins.map((bin, index) => (index < split ? bin : { ...bin, count: later }))
      const said = (of: readonly FlowBin[]) => watch(of, { stepMin, budget }).verdicts.slice(0, split)
      expect(said(other)).toEqual(said(bins))
    }),
    { numRuns: 15 },
  )
})

test('a state that is kept does not change when its successor learns', () => {
  const bins = makeSeries({ seed: 16, weeks: 4 })
  const { state } = watch(bins.slice(0, 900))
  const saved = JSON.stringify(state)
  watch(bins.slice(900), { from: state })
  expect(JSON.stringify(state)).toBe(saved)
})

test('a year of five-minute bins is a state of less than 64 kB', () => {
  const { state } = watch(makeSeries({ seed: 17, stepMin: 5, flow: 'road', scale: 1, weeks: 12 }), {
    stepMin: 5,
  })
  expect(JSON.stringify(state).length).toBeLessThan(64_000)
})

test.each([5, 10, 15, 30])('what is told first holds what shows it, in bins of %i minutes', stepMin => {
  const from = at(4, 2, 3)
  for (const plus of [8, 60]) {
    const isRush = within(from, from + 2 * stepMin * minuteMs)
    const bins = makeSeries({
      seed: 21,
      stepMin,
      scale: 0.5,
      weeks: 5,
      change: time => ({ plus: isRush(time) ? plus : 0 }),
    })
    const [first] = begun(watch(bins, { stepMin, budget: 3 }).findings, 'flow-high', from - 15 * minuteMs)
    expect(first!.episode.begin).toBeLessThanOrEqual(from + stepMin * minuteMs)
    expect(first!.episode.actual).toBeGreaterThan(plus / 2)
    expect(first!.episode.actual).toBeGreaterThan(2 * first!.episode.expected)
  }
})

test('the more people come, the less usual it is, at a small door in the night too', () => {
  for (const stepMin of [5, 30]) {
    for (const scale of [0.2, 1, 8]) {
      const usual = makeSeries({ seed: scale, stepMin, scale, weeks: 5 })
      const night = (3 * 60) / stepMin
      const before = usual.slice(0, usual.length - (24 * 60) / stepMin + night)
      const scores = [3, 8, 20, 60, 200, 1000].map(count => {
        const next = before.at(-1)!.at + stepMin * minuteMs
        // A short bin is judged once a quarter of an hour has passed.
        const after = [1, 2, 3].map(bins => ({ at: next + bins * stepMin * minuteMs, count: null }))
        const { verdicts } = watch([...before, { at: next, count }, ...after], { stepMin })
        return verdicts.find(({ at }) => at === next)!.scores!.high
      })
      expect(scores, `${stepMin} min, scale ${scale}`).toEqual(scores.toSorted((a, b) => a - b))
      expect(scores[3]).toBeGreaterThan(20)
    }
  }
})
