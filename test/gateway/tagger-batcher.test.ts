import { describe, expect, test } from 'vitest'
import { createBatcher } from '../../gateway/tagger/batcher.ts'

const parts = { random: () => 0, retry: { firstMs: 1, maxMs: 2 } }

describe('a batcher', () => {
  test('hands a lone thing over at once, and what comes meanwhile together', async () => {
    const batches: number[][] = []
    const gate = Promise.withResolvers<void>()
    const add = createBatcher<number>(
      async batch => {
        batches.push([...batch])
        await gate.promise
      },
      { ...parts, onFault() {} },
    )
    const all = [1, 2, 3].map(add)
    expect(batches).toEqual([[1]])
    gate.resolve()
    await Promise.all(all)
    expect(batches).toEqual([[1], [2, 3]])
  })

  test('tries again what failed, in order and with what has come since, until it succeeds', async () => {
    const batches: number[][] = []
    const faults: unknown[] = []
    let fails = 2
    const add = createBatcher<number>(
      async batch => {
        batches.push([...batch])
        if (fails-- > 0) throw new Error('down')
      },
      { ...parts, onFault: error => faults.push(error) },
    )
    await Promise.all([add(1), add(2)])
    expect(batches).toEqual([[1], [1, 2], [1, 2]])
    expect(faults).toHaveLength(2)
  })
})
