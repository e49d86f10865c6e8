import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../alerts/rules/rule.ts'
import { dayMs, hourMs, minuteMs } from '../../../core/clock.ts'
import { weekMs } from './counts.ts'
import {
  createTown,
  firstMonday,
  inOrder,
  type Passed,
  passagesOf,
  passed,
  stillRaised,
} from './flow-town.ts'

const places = ['luwu/gate/lane1', 'nanshe/b01/d01', 'nanshe/b01/d02', 'nanshe/b02/d01']
const learnedUntil = firstMonday + 4 * weekMs
const days = 2
const from = learnedUntil
const until = learnedUntil + days * dayMs

const town = createTown({ from: firstMonday })
const usual = inOrder(...places.map(name => passagesOf(name, { seed: name, weeks: 5, scale: 2 })))
town.feed(usual.filter(({ receivedAt }) => receivedAt < from))
town.runUntil(from)
const learned = new Map(town.state)
const then = usual.filter(({ receivedAt }) => receivedAt >= from && receivedAt < until)

/** Crowds and blockades of one to three hours, at places and times of their own. */
const incidents = fc.array(
  fc.record({
    place: fc.constantFrom(...places),
    at: fc.integer({ min: 0, max: days * 48 - 1 }),
    bins: fc.integer({ min: 1, max: 6 }),
    plus: fc.constantFrom(-1, 20, 40, 80),
  }),
  { maxLength: 6 },
)
type Incidents = typeof incidents extends fc.Arbitrary<infer T> ? T : never

function withIncidents(stream: readonly Passed[], all: Incidents): Passed[] {
  let changed = [...stream]
  for (const { place, at, bins, plus } of all) {
    const begin = from + at * 30 * minuteMs
    const end = begin + bins * 30 * minuteMs
    if (plus < 0)
      changed = changed.filter(
        one => one.at < begin || one.at >= end || one.place.device !== place.replaceAll('/', '-'),
      )
    else
      for (let n = 0; n < plus * bins; n++)
        changed.push(passed(begin + Math.floor(((n + 0.5) / (plus * bins)) * (end - begin)), place))
  }
  return inOrder(changed)
}

function run(
  stream: readonly Passed[],
  options: Partial<Parameters<typeof createTown>[0]> = {},
  kills: readonly number[] = [],
) {
  const town = createTown({ from, stored: learned, ...options })
  town.feed(stream)
  const at = new Set(kills)
  let tick = 0
  const killed = () => at.has(tick++) && town.kill()
  // Twice as often where it may be killed: with a minute that was not saved it would have been deaf for two.
  town.runUntil(until + 2 * hourMs, killed, kills.length > 0 ? minuteMs / 2 : minuteMs)
  return town
}
const told = (found: readonly Finding[]) => found.map(({ kind, rule, place, cause, receivedAt, parts }) => JSON.stringify({ kind, rule, place, cause, receivedAt, parts })) // biome-ignore format: one thing

describe('the watch of flow', () => {
  test('finds the same in whatever slices it judges, and however often it is killed', () => {
    let raised = 0
    fc.assert(
      fc.property(
        incidents,
        fc.array(fc.integer({ min: 0, max: days * 960 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (all, kills, times, saveLast) => {
          const stream = withIncidents(then, all)
          const whole = run(stream)
          const pieces = run(
            stream,
            { judging: { times, ms: 0 }, saveLast },
            kills.map(n => 3 * n),
          )
          raised += whole.found.length
          expect(told(pieces.found)).toEqual(told(whole.found))
          expect(pieces.state.get('flow/nanshe/b01/d01/in')).toEqual(
            whole.state.get('flow/nanshe/b01/d01/in'),
          )
        },
      ),
      { numRuns: 20 },
    )
    expect(raised).toBeGreaterThan(20)
  })

  test('never raises what is raised nor clears what is not, and all is cleared at last', () => {
    const meddled = fc.record({
      late: fc.array(fc.nat(), { maxLength: 20 }),
      delayed: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 300_000 })), { maxLength: 20 }),
      away: fc.array(fc.tuple(fc.integer({ min: 0, max: days * 24 }), fc.constantFrom(...places)), {
        maxLength: 5,
      }),
      back: fc.option(fc.integer({ min: 60, max: days * 1440 })),
    })
    fc.assert(
      fc.property(incidents, meddled, (all, { late, delayed, away, back }) => {
        const stream = withIncidents(then, all)
        for (const n of late) {
          const one = stream[n % stream.length]!
          stream[n % stream.length] = { ...one, record: { ...one.record, late: true } }
        }
        for (const [n, ms] of delayed) {
          const one = stream[n % stream.length]!
          const receivedAt = one.receivedAt + ms
          stream[n % stream.length] = { ...one, receivedAt, record: { ...one.record, receivedAt } }
        }
        const isAway = ({ building, point }: { building?: string; point?: string }, now: number) =>
          away.some(
            ([hour, name]) =>
              name.endsWith(`${building}/${point}`) && Math.floor((now - from) / hourMs) === hour,
          )
        const town = createTown({ from, stored: learned, isAway })
        town.feed(inOrder(stream))
        if (back !== null) {
          town.runUntil(from + back * minuteMs)
          town.setClock(town.now() - hourMs)
        }
        town.runUntil(until + 3 * hourMs)
        stillRaised(town.found)
        town.runUntil(until + 30 * dayMs, undefined, 10 * minuteMs)
        town.runUntil(until + 31 * dayMs)
        expect(stillRaised(town.found)).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})
