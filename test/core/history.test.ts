import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCursors } from '../../core/cursors.ts'
import { commonPosition, epochAt, type History, type Opening, type Position } from '../../core/history.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'

/** A journal whose copies can be put back: what stands at each position names who wrote it. */
class Model implements History {
  readonly id = 'j'
  written: string[] = []
  opened: Opening[] = []
  #epochs = 0
  #records = 0
  #isOpened = false

  openings = () => this.opened
  end = () => this.written.length

  restart(): void {
    this.#isOpened = false
  }

  write(n: number): void {
    if (!this.#isOpened)
      this.opened = [...this.opened, { epoch: `e${++this.#epochs}`, first: this.end() + 1 }]
    this.#isOpened = true
    for (let i = 0; i < n; i++) this.written.push(`r${++this.#records}`)
  }

  copy = () => ({ written: [...this.written], opened: this.opened })

  putBack({ written, opened }: { written: string[]; opened: Opening[] }): void {
    this.written = [...written]
    this.opened = opened
    this.#isOpened = false
  }
}

const step = record({
  what: constantFrom('write', 'restart', 'copy', 'put back', 'consume'),
  n: integer({ min: 1, max: 4 }),
})

const sharedBy = (a: readonly string[], b: readonly string[]) => {
  let shared = 0
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++
  return shared
}

describe('the history of a journal', () => {
  test('tells how far a consumer agrees with it, whatever copies were put back', () => {
    assert(
      property(array(step, { maxLength: 60 }), steps => {
        const journal = new Model()
        const cursors = createCursors(createMemoryState(), journal)
        let copies = [journal.copy()]
        const everTaken = new Set<string>()
        let lastTaken: string[] = []
        function look(): number {
          const from = cursors.get('c')
          // Nothing is skipped that was never taken, and nothing is taken again that was taken from here.
          expect(journal.written.slice(0, from).filter(each => !everTaken.has(each))).toEqual([])
          expect(from).toBeGreaterThanOrEqual(sharedBy(lastTaken, journal.written))
          return from
        }
        for (const { what, n } of steps) {
          if (what === 'write') journal.write(n)
          if (what === 'restart') journal.restart()
          if (what === 'copy') copies = [...copies, journal.copy()].slice(-3)
          if (what === 'put back') journal.putBack(copies[n % copies.length]!)
          if (what === 'consume') {
            const to = Math.min(look() + n, journal.end())
            if (!cursors.move('c', to)) continue
            lastTaken = journal.written.slice(0, to)
            for (const each of lastTaken) everTaken.add(each)
          }
        }
        look()
      }),
      { numRuns: 2000 },
    )
  })

  const openings: Opening[] = [
    { epoch: 'a', first: 1 },
    { epoch: 'b', first: 11 },
    { epoch: 'c', first: 21 },
  ]
  const history = { openings: () => openings, end: () => 25 }
  const cases: { title: string; seen: Position[]; common: number }[] = [
    { title: 'a consumer that has begun with nothing', seen: [], common: 0 },
    { title: 'a position of the present epoch', seen: [{ epoch: 'c', seq: 23 }], common: 23 },
    { title: 'a position of an earlier epoch', seen: [{ epoch: 'a', seq: 4 }], common: 4 },
    { title: 'an epoch that went on where this journal does not have it', seen: [{ epoch: 'b', seq: 90 }], common: 20 },
    { title: 'an epoch that ends with the journal', seen: [{ epoch: 'c', seq: 90 }], common: 25 },
    { title: 'an epoch that is not of this journal', seen: [{ epoch: 'x', seq: 15 }], common: 0 },
    { title: 'the latest of the epochs that both have', seen: [{ epoch: 'x', seq: 30 }, { epoch: 'a', seq: 10 }, { epoch: 'b', seq: 12 }], common: 12 },
    { title: 'a number from before there were epochs, of the first', seen: [{ seq: 7 }], common: 7 },
    { title: 'such a number beyond the first', seen: [{ seq: 17 }], common: 10 },
  ] // biome-ignore format: a table
  for (const { title, seen, common } of cases) {
    test(`has in common with ${title}: ${common}`, () => expect(commonPosition(history, seen)).toBe(common))
  }

  test('names the epoch that wrote a position', () => {
    expect([0, 1, 10, 11, 25].map(seq => epochAt(history, seq))).toEqual([undefined, 'a', 'a', 'b', 'c'])
  })
})
