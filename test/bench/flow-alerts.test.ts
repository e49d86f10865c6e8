import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { disjoint, scoreEvents } from '../../bench/flow-alerts/score.ts'
import { run } from '../../bench/flow-alerts.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'

describe('scoring, by hand', () => {
  const at = (day: number, hour: number, hours = 1) => {
    const begin = day * dayMs + hour * hourMs
    return { begin, end: begin + hours * hourMs }
  }
  const known = [at(10, 12), at(20, 12)]

  test('a known event is detected by what overlaps it or the half hour on either side', () => {
    const near = { begin: known[0]!.end + 29 * minuteMs, end: known[0]!.end + hourMs }
    const far = { begin: known[1]!.end + 30 * minuteMs, end: known[1]!.end + hourMs }
    expect(scoreEvents([near, far], known, 4)).toMatchObject({
      predictedPerWeek: 0.5,
      detected: 1,
      known: 2,
      unlabelledPerWeek: 0.25,
    })
  })

  test('chance is the share of windows, moved by one to six days, that are hit', () => {
    expect(scoreEvents([at(11, 12), at(8, 12)], known, 4)).toMatchObject({ detected: 0, chance: 2 / 24 })
    // Moved by a day, the first known event lies on the second.
    const twins = [at(10, 12), at(11, 12)]
    expect(scoreEvents(twins, twins, 4)).toMatchObject({ detected: 2, chance: 2 / 24, chanceElsewhere: 0 })
  })

  test('known events that overlap are one', () => {
    expect(disjoint([at(3, 8, 4), at(1, 8), at(3, 10, 3)])).toEqual([at(1, 8), at(3, 8, 5)])
  })
})

const directory = process.env.LINTEL_FLOW_DATA ?? ''
const there = existsSync(join(directory, 'CalIt2.data'))
const title = there
  ? 'unusual flow reaches its figures on CalIt2'
  : 'unusual flow reaches its figures on CalIt2 (set LINTEL_FLOW_DATA to a directory with CalIt2.data and CalIt2.events)'

test.skipIf(!there)(title, async () => {
  const { budgets, baseline } = await run({}, [directory])
  const of = (rows: typeof budgets, budget: number) => rows.find(row => row.budget === budget)!
  expect(of(budgets, 4).predictedPerWeek).toBeLessThanOrEqual(4.5)
  expect(of(budgets, 4).detected).toBeGreaterThanOrEqual(19)
  expect(of(budgets, 4).chanceElsewhere).toBeLessThanOrEqual(0.05)
  expect(of(budgets, 5).predictedPerWeek).toBeLessThanOrEqual(6)
  expect(of(budgets, 5).detected).toBe(21)
  expect(of(budgets, 5).chance).toBeLessThanOrEqual(0.15)
  for (const { budget, detected } of baseline)
    expect(of(budgets, budget).detected).toBeGreaterThanOrEqual(detected)
})
