import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { smallDisk } from '../support/small-disk.ts'

test('a state whose disk is full refuses with a code, changes nothing, and goes on by itself once there is room', async context => {
  const disk = await smallDisk(context, 32)
  const state = openLmdbState({ directory: join(disk.directory, 'state') })
  const table = state.table<string>('alert')
  const write = (key: string) => state.transact(() => table.put(key, 'x'.repeat(1_000_000)))
  await write('before')
  disk.fill()
  for (const key of ['first', 'second', 'third'])
    await expect(write(key)).rejects.toMatchObject({ code: 'STATE_COMMIT_FAILED', retryable: true })
  expect([...table.entries()].map(([key]) => key)).toEqual(['before'])
  disk.free()
  await write('after')
  expect([...table.entries()].map(([key]) => key)).toEqual(['after', 'before'])
  await state.close()
})
