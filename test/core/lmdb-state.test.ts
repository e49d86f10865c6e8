import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { stateContract } from './state-contract.ts'

async function openIn(directory: string) {
  const state = openLmdbState({ directory })
  onTestFinished(() => state.close())
  return state
}

stateContract('LMDB', async () => openIn(await temporaryDirectory()))

async function startReader(directory: string): Promise<ChildProcess> {
  const child = fork(new URL('./state-reader.child.ts', import.meta.url), [directory])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function ask(child: ChildProcess, table: string, key: string) {
  const answer = once(child, 'message')
  child.send([table, key])
  return (await answer)[0] as { value: unknown; keys: string[] }
}

test('an LMDB state has after it is opened again what it had when it was closed', async () => {
  const directory = await temporaryDirectory()
  const first = openLmdbState({ directory })
  await first.transact(() => first.table<number>('t').put('a', 1))
  await first.close()
  const second = await openIn(directory)
  expect(second.table('t').get('a')).toBe(1)
})

test('another process reads each commit at once, and tables that did not exist when it began', async () => {
  const directory = await temporaryDirectory()
  const state = await openIn(directory)
  await state.transact(() => state.table<number>('early').put('a', 1))
  const reader = await startReader(directory)
  expect(await ask(reader, 'early', 'a')).toEqual({ value: 1, keys: ['a'] })
  expect(await ask(reader, 'later', 'a')).toEqual({ value: null, keys: [] })
  for (let n = 2; n < 30; n++) {
    await state.transact(() => state.table<number>('early').put('a', n))
    expect((await ask(reader, 'early', 'a')).value).toBe(n)
  }
  await state.transact(() => state.table<number>('later').put('b', 7))
  expect(await ask(reader, 'later', 'b')).toEqual({ value: 7, keys: ['b'] })
})

test('another process never sees half of a change', async () => {
  const directory = await temporaryDirectory()
  const state = await openIn(directory)
  const table = state.table<number>('t')
  await state.transact(() => table.put('a', 1))
  const reader = await startReader(directory)
  const change = state.transact(() => {
    table.put('a', 2)
    table.put('b', 2)
    throw new Error('undone')
  })
  await expect(change).rejects.toThrow('undone')
  expect(await ask(reader, 't', 'a')).toEqual({ value: 1, keys: ['a'] })
})
