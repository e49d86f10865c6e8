import { describe, expect, test } from 'vitest'
import { type Comparison, earlierRange, type Step, startsOf } from '../../flow/calendar.ts'
import { pairSteps } from '../../flow/pair-steps.ts'
import { formatLocal, parseMoment } from '../../flow/zone.ts'

const rome = 'Europe/Rome'

function stepsOf(zone: string, every: Step, from: string, to: string) {
  const range = { from: parseMoment(from, zone), to: parseMoment(to, zone) }
  return { ...range, starts: startsOf(zone, every, range.from, range.to) }
}

/** Each step, and the one that it is held against: `10-26T08:00 10-19T08:00`, by the clock on the wall. */
function paired(zone: string, every: Step, compare: Comparison, from: string, to: string): string[] {
  const now = stepsOf(zone, every, from, to)
  const range = earlierRange(zone, now.from, now.to, compare)
  const earlier = { ...range, starts: startsOf(zone, every, range.from, range.to) }
  const wall = (ms: number | undefined) => (ms === undefined ? '–' : formatLocal(zone, ms).slice(5, 16))
  return pairSteps(zone, every, compare, now, earlier).map(
    (step, index) => `${wall(now.starts[index]!)} ${step === undefined ? '–' : wall(earlier.starts[step]!)}`,
  )
}

describe('steps of a day on which the clock is set', () => {
  const cases: { zone?: string; every: Step; day: [string, string]; starts: string[] }[] = [
    { every: '12h', day: ['2026-10-25', '2026-10-26'], starts: ['00:00+02:00', '12:00+01:00'] },
    { every: '6h', day: ['2026-10-25', '2026-10-26'], starts: ['00:00+02:00', '06:00+01:00', '12:00+01:00', '18:00+01:00'] },
    { every: '3h', day: ['2026-10-25', '2026-10-26'], starts: ['00:00+02:00', '03:00+01:00', '06:00+01:00', '09:00+01:00', '12:00+01:00', '15:00+01:00', '18:00+01:00', '21:00+01:00'] },
    { every: '2h', day: ['2026-10-25', '2026-10-25T08:00'], starts: ['00:00+02:00', '02:00+02:00', '04:00+01:00', '06:00+01:00'] },
    { every: '1h', day: ['2026-10-25', '2026-10-25T04:00'], starts: ['00:00+02:00', '01:00+02:00', '02:00+02:00', '02:00+01:00', '03:00+01:00'] },
    { every: '6h', day: ['2026-03-29', '2026-03-30'], starts: ['00:00+01:00', '06:00+02:00', '12:00+02:00', '18:00+02:00'] },
    { every: '2h', day: ['2026-03-29', '2026-03-29T08:00'], starts: ['00:00+01:00', '03:00+02:00', '04:00+02:00', '06:00+02:00'] },
    { every: '12h', zone: 'America/Sao_Paulo', day: ['2018-02-17', '2018-02-18'], starts: ['00:00-02:00', '12:00-02:00'] },
    { every: '6h', zone: 'Australia/Lord_Howe', day: ['2026-04-05', '2026-04-06'], starts: ['00:00+11:00', '06:00+10:30', '12:00+10:30', '18:00+10:30'] },
  ] // biome-ignore format: a table
  for (const { zone = rome, every, day, starts } of cases)
    test(`of ${every} from ${day[0]} in ${zone} are those of the clock on the wall`, () => {
      expect(stepsOf(zone, every, ...day).starts.map(ms => formatLocal(zone, ms).replace(/^.*T(..:..):..(.*)$/, '$1$2'))).toEqual(starts)
    }) // biome-ignore format: one expectation
})

describe('a step', () => {
  test('is held against the same hour where the clock was set in between', () => {
    const hours = paired(rome, '1h', '1w', '2026-10-24', '2026-10-28')
    expect(hours).toContain('10-26T08:00 10-19T08:00')
    expect(hours.at(-1)).toBe('10-27T23:00 10-20T23:00')
    expect(hours.filter(text => text.startsWith('10-25T02:00'))).toEqual(Array(2).fill('10-25T02:00 10-18T02:00'))
    expect(paired(rome, '12h', '1w', '2026-10-24', '2026-10-27').at(-1)).toBe('10-26T12:00 10-19T12:00')
  })

  test('is held against none where the earlier day does not have its hour', () => {
    const hours = paired(rome, '1h', '1d', '2026-03-30', '2026-03-31')
    expect(hours.filter(text => text.endsWith('–'))).toEqual(['03-30T02:00 –'])
    expect(hours.at(-1)).toBe('03-30T23:00 03-29T23:00')
  })

  test('is held against the first and the second of an hour that comes twice', () => {
    const back = paired(rome, '1h', '1d', '2026-10-26', '2026-10-27')
    expect(back).toHaveLength(24)
    expect(back.slice(1, 4)).toEqual(['10-26T01:00 10-25T01:00', '10-26T02:00 10-25T02:00', '10-26T03:00 10-25T03:00'])
  })

  test('is held against the same date over a leap day, and a leap day against none', () => {
    const days = paired('Asia/Shanghai', '1d', '1y', '2024-02-27', '2024-03-03')
    expect(days).toEqual(['02-27T00:00 02-27T00:00', '02-28T00:00 02-28T00:00', '02-29T00:00 –', '03-01T00:00 03-01T00:00', '03-02T00:00 03-02T00:00'])
    expect(paired('Asia/Shanghai', '1d', '1y', '2025-02-27', '2025-03-03').at(-1)).toBe('03-02T00:00 03-02T00:00')
    expect(paired('Asia/Shanghai', '6h', '1M', '2026-03-28', '2026-04-01').filter(text => text.endsWith('–'))).toHaveLength(12)
  })

  test.each([
    { every: '1h', compare: 'previous', from: '2026-10-24', to: '2026-10-28' },
    { every: '1d', compare: 'previous', from: '2026-11-01', to: '2026-12-01' },
    { every: '1M', compare: '1y', from: '2026-01-01', to: '2027-01-01' },
    { every: '1y', compare: '1y', from: '2024-01-01', to: '2027-01-01' },
    { every: '15m', compare: '1w', from: '2026-03-28', to: '2026-03-30' },
  ] as const)('shows the same time of the day, $every against $compare', ({ every, compare, from, to }) => {
    const pairs = paired(rome, every, compare, from, to)
    for (const pair of pairs.filter(text => !text.endsWith('–'))) expect(pair.slice(5, 11)).toBe(pair.slice(17))
    expect(pairs.filter(text => text.endsWith('–')).length).toBeLessThan(9)
  })

  test.each([
    { every: '1w', compare: '1M', from: '2026-11-02', to: '2026-11-30' },
    { every: '1w', compare: '1y', from: '2026-11-02', to: '2026-11-30' },
    { every: '2h', compare: 'previous', from: '2026-11-02T00:00', to: '2026-11-02T05:00' },
    { every: 'all', compare: '1w', from: '2026-11-02', to: '2026-11-30' },
    { every: '1y', compare: '1M', from: '2026-01-01', to: '2027-01-01' },
  ] as const)('is held against the one of the same number, $every against $compare, which have no grid in common', ({ every, compare, from, to }) => {
    expect(paired(rome, every, compare, from, to).filter(text => text.endsWith('–'))).toEqual([])
  })
}) // biome-ignore format: long lines
