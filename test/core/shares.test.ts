import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Shares } from '../../core/shares.ts'

describe('shares', () => {
  test('give up the oldest thing of whoever holds most', () => {
    const shares = new Shares<string>()
    for (const thing of ['a1', 'b1', 'b2', 'b3', 'c1']) shares.add(thing[0]!, thing)
    expect([shares.takeFromLargest(), shares.takeFromLargest()]).toEqual(['b1', 'b2'])
    expect(['a', 'b', 'c'].map(owner => shares.sizeOf(owner))).toEqual([1, 1, 1])
  })

  test('count by size, and a large thing of one before many small ones of another', () => {
    const shares = new Shares<string>()
    for (const thing of ['a1', 'a2', 'a3']) shares.add('a', thing)
    shares.add('b', 'b1', 10)
    expect([shares.total, shares.takeFromLargest(), shares.total]).toEqual([13, 'b1', 3])
  })

  test('are what a list of all things says, whatever comes and goes', () => {
    const step = record({
      owner: constantFrom('a', 'b', 'c', 'd'),
      thing: integer({ min: 0, max: 30 }),
      size: integer({ min: 1, max: 4 }),
      act: constantFrom('add', 'add', 'remove', 'take'),
    })
    assert(
      property(array(step, { maxLength: 80 }), steps => {
        const shares = new Shares<number>()
        let all: { owner: string; thing: number; size: number }[] = []
        const sizeOf = (owner: string) =>
          all.filter(held => held.owner === owner).reduce((sum, { size }) => sum + size, 0)
        for (const { owner, thing, size, act } of steps) {
          if (act === 'add') {
            shares.add(owner, thing, size)
            if (!all.some(held => held.thing === thing)) all.push({ owner, thing, size })
          } else if (act === 'remove') {
            expect(shares.remove(thing)).toBe(all.some(held => held.thing === thing))
            all = all.filter(held => held.thing !== thing)
          } else {
            const most = Math.max(0, ...all.map(held => sizeOf(held.owner)))
            const taken = shares.takeFromLargest()
            const of = all.find(held => held.thing === taken)
            expect(of === undefined).toBe(all.length === 0)
            if (of !== undefined) {
              expect(sizeOf(of.owner)).toBe(most)
              expect(all.find(held => held.owner === of.owner)).toBe(of)
            }
            all = all.filter(held => held !== of)
          }
          expect(shares.count).toBe(all.length)
          expect(shares.total).toBe(all.reduce((sum, held) => sum + held.size, 0))
        }
      }),
    )
  })
})
