import { array, assert, asyncProperty, constantFrom, integer, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyRange, State } from '../../core/state/state.ts'

/** The promises of the port, run on every adapter. */
export function stateContract(name: string, open: () => Promise<State>): void {
  describe(`a ${name} state`, () => {
    test('gives back what was put, and nothing for what was not or was removed', async () => {
      const state = await open()
      const table = state.table<unknown>('t')
      const values = { text: '南社', list: [1, { a: null }], none: null, zero: 0, no: false }
      await state.transact(() => {
        for (const [key, value] of Object.entries(values)) table.put(key, value)
        table.put('gone', 1)
        table.remove('gone')
        table.remove('never there')
      })
      for (const [key, value] of Object.entries(values)) expect(table.get(key)).toEqual(value)
      expect(table.get('gone')).toBeUndefined()
      expect(table.get('other')).toBeUndefined()
    })

    test('hands out copies: changing what was read or put changes nothing', async () => {
      const state = await open()
      const table = state.table<{ n: number }>('t')
      const mine = { n: 1 }
      await state.transact(() => table.put('a', mine))
      mine.n = 2
      table.get('a')!.n = 3
      expect(table.get('a')).toEqual({ n: 1 })
    })

    test('keeps tables apart, and one of the same name the same', async () => {
      const state = await open()
      await state.transact(() => {
        state.table<number>('t').put('a', 1)
        state.table<number>('u').put('a', 2)
      })
      expect(state.table('t').get('a')).toBe(1)
      expect(state.table('u').get('a')).toBe(2)
      expect([...state.table('v').entries()]).toEqual([])
    })

    test('lists keys in the order of their UTF-8 bytes', async () => {
      const state = await open()
      const table = state.table<number>('t')
      const keys = [
        'b',
        'a',
        'B',
        'aa',
        'a/b',
        'a-b',
        '10',
        '9',
        'é',
        '中',
        '\uFFEE',
        '\u{1F600}',
        'z'.repeat(60),
      ]
      await state.transact(() => {
        for (const [index, key] of keys.entries()) table.put(key, index)
      })
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect([...table.entries()].map(([key]) => key)).toEqual(sorted)
      expect(new Map(table.entries())).toEqual(new Map(keys.map((key, index) => [key, index])))
    })

    test('lists from behind a key on, either way, and no more than was asked for', async () => {
      const state = await open()
      const table = state.table<number>('t')
      await state.transact(() => {
        for (const key of ['a', 'b', 'c', 'd']) table.put(key, 1)
      })
      const keys = (range: KeyRange) => [...table.entries(range)].map(([key]) => key)
      expect(keys({ after: 'b' })).toEqual(['c', 'd'])
      expect(keys({ after: 'aa', limit: 1 })).toEqual(['b'])
      expect(keys({ limit: 2 })).toEqual(['a', 'b'])
      expect(keys({ after: 'd' })).toEqual([])
      expect(keys({ reverse: true, limit: 2 })).toEqual(['d', 'c'])
      expect(keys({ reverse: true, after: 'c' })).toEqual(['b', 'a'])
      expect(keys({ reverse: true, after: 'bb' })).toEqual(['b', 'a'])
      expect(keys({ until: 'c' })).toEqual(['a', 'b'])
      expect(keys({ after: 'a', until: 'cc' })).toEqual(['b', 'c'])
      expect(keys({ after: 'c', until: 'b' })).toEqual([])
      expect(keys({ reverse: true, after: 'd', until: 'a' })).toEqual(['c', 'b'])
      expect(keys({ reverse: true, until: 'b', limit: 1 })).toEqual(['d'])
    })

    test('undoes all of a change that throws, and throws what it threw', async () => {
      const state = await open()
      const table = state.table<number>('t')
      await state.transact(() => table.put('kept', 1))
      const fault = new Error('halfway')
      const change = () => {
        table.put('kept', 2)
        table.put('new', 1)
        table.remove('kept')
        state.table<number>('another').put('x', 1)
        throw fault
      }
      await expect(state.transact(change)).rejects.toBe(fault)
      expect([...table.entries()]).toEqual([['kept', 1]])
      expect([...state.table('another').entries()]).toEqual([])
      expect(await state.transact(() => table.get('kept'))).toBe(1)
    })

    test('reads inside a change what that change has put', async () => {
      const state = await open()
      const table = state.table<number>('t')
      const seen = await state.transact(() => {
        table.put('a', 1)
        table.put('a', (table.get('a') ?? 0) + 1)
        return [table.get('a'), [...table.entries()]]
      })
      expect(seen).toEqual([2, [['a', 2]]])
    })

    test('runs changes one after the other, in the order they came', async () => {
      const state = await open()
      const table = state.table<number>('t')
      const results = await Promise.all(
        Array.from({ length: 50 }, () =>
          state.transact(() => {
            const next = (table.get('n') ?? 0) + 1
            table.put('n', next)
            return next
          }),
        ),
      )
      expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    })

    test('does as a plain map does, whatever is put, removed or undone', async () => {
      const state = await open()
      let run = 0
      const steps = array(
        tuple(constantFrom('put', 'remove', 'undo'), string({ minLength: 1, maxLength: 3 }), integer()),
      )
      await assert(
        asyncProperty(steps, async list => {
          const table = state.table<number>('t')
          const prefix = `${run++} `
          const model = new Map<string, number>()
          for (const [what, name, value] of list) {
            const key = prefix + name
            if (what === 'put') model.set(key, value)
            if (what === 'remove') model.delete(key)
            await state
              .transact(() => {
                if (what === 'remove') return table.remove(key)
                table.put(key, value)
                if (what === 'undo') throw new Error('undone')
              })
              .catch(() => {})
          }
          const mine = [...table.entries()].filter(([key]) => key.startsWith(prefix))
          expect(new Map(mine)).toEqual(model)
        }),
        { numRuns: 15 },
      )
    })
  })
}
