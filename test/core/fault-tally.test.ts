import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secondMs } from '../../core/clock.ts'
import { FaultTally } from '../../core/fault-tally.ts'

/** Times that are told, of a cause that comes every half second for so long. */
function toldIn(seconds: number): { told: number; lines: number } {
  const tally = new FaultTally<string>()
  const counts: number[] = []
  for (let now = 0; now < seconds * secondMs; now += 500) {
    const times = tally.hear('disk', 'read-only', now)
    if (times !== undefined) counts.push(times)
  }
  const over = tally.takeOver(seconds * secondMs + 60 * secondMs)
  return {
    told: counts.reduce((sum, n) => sum + n, 0) + over.reduce((sum, { times }) => sum + times, 0),
    lines: counts.length + over.length,
  }
}

describe('faults', () => {
  test('are told at once when they are new, one line a cause', () => {
    const tally = new FaultTally<string>()
    expect([tally.hear('a', 'a', 0), tally.hear('b', 'b', 1), tally.hear('a', 'a', 2)]).toEqual([
      1,
      1,
      undefined,
    ])
  })

  test('of a disk that fails twice a second for three minutes are four lines, and each is counted', () => {
    expect(toldIn(190)).toEqual({ told: 380, lines: 4 })
  })

  test('that are over are told with what was not told yet, and at once when they come again', () => {
    const tally = new FaultTally<string>()
    tally.hear('a', 'first', 0)
    tally.hear('a', 'second', 5)
    expect(tally.takeOver(30 * secondMs)).toEqual([])
    expect(tally.takeOver(61 * secondMs)).toEqual([{ text: 'second', times: 1 }])
    expect(tally.hear('a', 'third', 62 * secondMs)).toBe(1)
  })

  test('are each counted once, whenever they come, also when the clock jumps', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -1e7, max: 1e7 })), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, heard => {
        const tally = new FaultTally<string>()
        let now = 0
        let told = 0
        for (const [cause, stepMs] of heard) {
          now += stepMs
          told += tally.hear(cause, cause, now) ?? 0
        }
        for (const { times } of tally.takeOver(now + 1e9)) told += times
        expect(told).toBe(heard.length)
      }),
    )
  })

  test('of ever new causes are bounded', () => {
    const tally = new FaultTally<number>()
    for (let n = 0; n < 1000; n++) tally.hear(`cause ${n}`, n, n)
    expect(tally.takeOver(1e9)).toHaveLength(200)
  })
})
