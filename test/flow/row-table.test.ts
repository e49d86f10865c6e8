import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FlowAnswer } from '../../flow/answer.ts'
import { partsOf } from '../../flow/cell-source.ts'
import { type Amount, keyOf, plus } from '../../flow/counted.ts'
import { jsonOf } from '../../flow/export/flow-json.ts'
import { compareValues, createRowTable } from '../../flow/row-table.ts'

const names = constantFrom('a', 'b', '南社', '', 'a,b', '"')
const amount = record({ count: constantFrom(null, 0, 1, -3, 2.5, 1e12), hidden: integer({ min: 0, max: 3 }) })
const rows = array(record({ step: integer({ min: 0, max: 40 }), values: tuple(names, names), amount }))

describe('a table of rows', () => {
  test('has what a map of objects has, and sorts it by step, then by values', () => {
    assert(
      property(rows, given => {
        const table = createRowTable()
        const map = new Map<string, { step: number; values: readonly string[]; amount: Amount }>()
        for (const { step, values, amount } of given) {
          table.add(step, values, amount)
          const key = keyOf(step, values)
          const known = map.get(key)
          map.set(key, { step, values, amount: known === undefined ? amount : plus(known.amount, amount) })
        }
        expect(table.size).toBe(map.size)
        expect([...table]).toEqual([...map.values()])
        const sorted = [...map.values()].sort((a, b) => a.step - b.step || compareValues(a.values, b.values))
        expect([...table.sorted()]).toEqual(sorted)
        for (const { step, values } of given)
          expect(table.get(step, values)).toEqual(map.get(keyOf(step, values))!.amount)
        expect(table.get(41, ['a', 'a'])).toBeUndefined()
        expect(table.get(0, ['none', 'a'])).toBeUndefined()
      }),
    )
  })

  test('grows to as many rows as an answer may have, and refuses one more', () => {
    const table = createRowTable(5000)
    const of = (n: number) => table.add(n % 700, [`${Math.floor(n / 700)}`], { count: n, hidden: 0 })
    for (let n = 0; n < 5000; n++) of(n)
    expect(table.get(4999 % 700, ['7'])).toEqual({ count: 4999, hidden: 0 })
    of(4999)
    expect(() => of(5000)).toThrow(expect.objectContaining({ code: 'FLOW_QUERY_TOO_WIDE' }))
    expect(table.size).toBe(5000)
  })

  test('of a group is one object, so that a million rows are no million lists', () => {
    const table = createRowTable()
    for (let step = 0; step < 9; step++) table.add(step, ['a', 'b'], { count: 1, hidden: 0 })
    expect(new Set([...table.sorted()].map(({ values }) => values)).size).toBe(1)
  })
})

test('the JSON of an answer comes in pieces, and is the answer', async () => {
  for (const n of [0, 1, 1023, 1024, 1025, 5000]) {
    const rows = Array.from({ length: n }, (_, i) => ({ start: `${i}`, values: ['a\u202eb'], count: i }))
    const answer = { measure: 'passages', total: n, notes: [], rows } as unknown as FlowAnswer
    const pieces: Buffer[] = []
    for await (const piece of jsonOf(answer)) pieces.push(piece)
    expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual(answer)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(100_000)
  }
})

test('a long question is asked in parts that have all of its time, each once, under the segments that it has', () => {
  const stretch = array(tuple(integer({ min: 1, max: 5_000_000 }), integer({ min: -2, max: 2 })), { minLength: 1, maxLength: 6 }) // biome-ignore format: one line
  assert(
    property(stretch, integer({ min: 1, max: 900 }), (lengths, stepMs) => {
      let at = 0
      const segments = lengths.map(([length, offsetMs]) => {
        const from = at
        at += length
        return { from, to: at, offsetMs }
      })
      const parts = [...partsOf({ kind: 'passage', by: [], where: {}, segments, stepMs })]
      const whole = parts.flatMap(({ segments, first }) =>
        segments.map((segment, index) => ({ ...segment, segment: first + index })),
      )
      let reached = 0
      for (const { from, to, offsetMs, segment } of whole) {
        expect([from, offsetMs]).toEqual([reached, segments[segment]!.offsetMs])
        expect(to).toBeLessThanOrEqual(segments[segment]!.to)
        reached = to
      }
      expect(reached).toBe(at)
      for (const { segments } of parts)
        expect(segments.at(-1)!.to - segments[0]!.from).toBeLessThanOrEqual(4096 * stepMs)
    }),
    { numRuns: 50 },
  )
})
