import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/temporary.ts'

test('nothing that the process has freed, such as a payload, is in the file of the journal', async () => {
  const directory = await temporaryDirectory()
  // One arena, so that what one thread has freed is what another is given.
  const child = fork(new URL('./journal-payloads.child.ts', import.meta.url), [directory], {
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  const [marker] = (await once(child, 'message')) as [string]
  await once(child, 'exit')
  const bytes = readFileSync(join(directory, 'data.mdb'))
  expect(bytes.length).toBeGreaterThan(100_000)
  expect(bytes.includes(marker)).toBe(false)
})
