import { describe, expect, test } from 'vitest'
import { type Part, startAll } from '../../core/lifecycle.ts'

function parts(failing: { start?: string; stop?: string[] } = {}) {
  const calls: string[] = []
  const list: Part[] = ['a', 'b', 'c'].map(name => ({
    name,
    async start() {
      calls.push(`start ${name}`)
      if (failing.start === name) throw new Error(`${name} does not start`)
    },
    async stop() {
      calls.push(`stop ${name}`)
      if (failing.stop?.includes(name)) throw new Error(`${name} does not stop`)
    },
  }))
  return { calls, list }
}

describe('the parts of a process', () => {
  test('start in order and stop in reverse', async () => {
    const { calls, list } = parts()
    const running = await startAll(list)
    await running.stop()
    expect(calls).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a'])
  })

  test('stop once, however often they are asked', async () => {
    const { calls, list } = parts()
    const running = await startAll(list)
    await Promise.all([running.stop(), running.stop()])
    await running.stop()
    expect(calls.filter(call => call === 'stop a')).toHaveLength(1)
  })

  test('are stopped in reverse, the one that failed too, when one does not start; those after it are left alone', async () => {
    const { calls, list } = parts({ start: 'b' })
    await expect(startAll(list)).rejects.toThrow('b does not start')
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a'])
  })

  test('show why one did not start, even where stopping the others fails as well', async () => {
    const { list } = parts({ start: 'c', stop: ['a', 'b', 'c'] })
    await expect(startAll(list)).rejects.toThrow('c does not start')
  })

  test('are all asked to stop when one of them cannot, and the first error is thrown', async () => {
    const { calls, list } = parts({ stop: ['c', 'b'] })
    const running = await startAll(list)
    await expect(running.stop()).rejects.toThrow('c does not stop')
    expect(calls.slice(3)).toEqual(['stop c', 'stop b', 'stop a'])
  })

  test('need no start', async () => {
    await (await startAll([{ name: 'only stops', stop: async () => {} }])).stop()
  })
})
