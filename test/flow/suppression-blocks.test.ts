import { array, assert, boolean, constant, integer, oneof, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hideLine } from '../../flow/suppression/hide-line.ts'
import { hideTable } from '../../flow/suppression/hide-table.ts'
import type { Table } from '../../flow/suppression/table.ts'

describe('a line of numbers whose sum is shown', () => {
  const no = (counts: readonly number[]) => counts.map(() => false)
  const hide = (counts: readonly number[], always = no(counts)) =>
    counts.filter((_, index) => hideLine(counts, always, 10)[index])
  const cases = [
    { title: 'shows all of what is large', counts: [10, 11, 500], want: [] },
    { title: 'takes the smallest other with a single small one', counts: [50, 4, 30, 20], want: [4, 20] },
    { title: 'hides a zero like any small number', counts: [50, 0, 30], want: [0, 30] },
    { title: 'leaves small ones be that add up', counts: [50, 4, 6, 20], want: [4, 6] },
    { title: 'takes one more where small ones do not add up', counts: [50, 4, 5, 20], want: [4, 5, 20] },
    { title: 'may have nothing left to show', counts: [500, 3], want: [500, 3] },
    { title: 'shows an only member, which is its sum', counts: [10], want: [] },
  ]
  for (const { title, counts, want } of cases) test(title, () => expect(hide(counts)).toEqual(want))

  test('hides what is always hidden, and one with it', () => {
    expect(hide([50, 80, 30], [false, true, false])).toEqual([80, 30])
  })

  test('never leaves less than two hidden, nor a sum below k', () => {
    const counts = array(integer({ min: 0, max: 25 }), { minLength: 2, maxLength: 8 })
    const line = record({ counts, flags: array(boolean(), { minLength: 8, maxLength: 8 }) })
    assert(
      property(line, ({ counts, flags }) => {
        if (counts.reduce((sum, count) => sum + count, 0) < 10) return
        const hidden = counts.filter((_, index) => hideLine(counts, flags, 10)[index])
        if (hidden.length === 0) return
        expect(hidden.length).toBeGreaterThan(1)
        expect(hidden.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(10)
      }),
    )
  })
})

function tableOf(lines: readonly (readonly number[])[], k: number): Table {
  const counts = Float64Array.from(lines.flat())
  const losses = counts.map(count => (count < k ? 0 : count))
  return { rows: lines.length, cols: lines[0]!.length, counts, losses }
}

describe('a table whose sums are shown', () => {
  const count = oneof(constant(0), integer({ min: 0, max: 12 }), integer({ min: 0, max: 60 }))
  const lines = integer({ min: 2, max: 7 }).chain(cols =>
    array(array(count, { minLength: cols, maxLength: cols }), { minLength: 2, maxLength: 9 }),
  )
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

  test('hides small cells in blocks that share none, whose rows and columns add up', () => {
    assert(
      property(lines, integer({ min: 1, max: 10 }), (all, k) => {
        // Sums of rows and columns are large by what was decided before.
        const table = all.filter(line => sum(line) >= k)
        const cols = (table[0] ?? []).map((_, col) => sum(table.map(line => line[col]!)))
        if (table.length < 2 || cols.some(total => total < k)) return
        const covered = new Set<string>()
        for (const block of hideTable(tableOf(table, k), k)) {
          expect(Math.min(block.rows.length, block.cols.length)).toBeGreaterThan(1)
          for (const row of block.rows) {
            expect(sum(block.cols.map(col => table[row]![col]!))).toBeGreaterThanOrEqual(k)
          }
          for (const col of block.cols) {
            expect(sum(block.rows.map(row => table[row]![col]!))).toBeGreaterThanOrEqual(k)
          }
          const cells = block.rows.flatMap(row => block.cols.map(col => `${row} ${col}`))
          for (const cell of cells) expect(covered.has(cell)).toBe(false)
          for (const cell of cells) covered.add(cell)
        }
        table.forEach((line, row) => {
          line.forEach((cell, col) => {
            if (cell < k) expect(covered).toContain(`${row} ${col}`)
          })
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('costs three other cells where one cell is small, the cheapest ones', () => {
    const table = [
      [40, 50, 60, 70],
      [40, 3, 60, 20],
      [40, 15, 60, 30],
      [40, 50, 60, 70],
    ]
    expect(hideTable(tableOf(table, 10), 10)).toEqual([{ rows: [1, 2], cols: [1, 3] }])
  })

  test('tells a row where it is large, if the others add up without it', () => {
    const table = [
      [20, 30, 4, 4, 4, 5],
      [6, 7, 4, 5, 4, 5],
      [7, 6, 5, 4, 5, 4],
    ]
    const blocks = hideTable(tableOf(table, 10), 10)
    expect(blocks.filter(({ rows }) => rows.includes(0)).flatMap(({ cols }) => cols)).toEqual([2, 3, 4, 5])
    expect(blocks).toContainEqual({ rows: [1, 2], cols: expect.arrayContaining([0, 1]) })
  })

  test('hides all of itself at the last', () => {
    const table = [
      [9, 1],
      [1, 40],
    ]
    expect(hideTable(tableOf(table, 10), 10)).toEqual([{ rows: [0, 1], cols: [0, 1] }])
  })
})
