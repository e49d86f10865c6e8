import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type DataPaths, dataPaths, prepareDataDirectory } from '../../core/data-directory.ts'
import type { LintelError } from '../../core/errors.ts'
import { awaitLock, type LockName, lockDataDirectory } from '../../core/lock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function prepared() {
  const paths = dataPaths(join(await temporaryDirectory(), 'data'))
  prepareDataDirectory(paths)
  return paths
}

function faultOf(act: () => unknown): LintelError {
  try {
    act()
  } catch (error) {
    return error as LintelError
  }
  throw new Error('it threw nothing')
}

async function startHolder(root: string, name: LockName): Promise<{ child: ChildProcess; said: unknown }> {
  const child = fork(new URL('./lock-holder.child.ts', import.meta.url), [root, name])
  onTestFinished(() => void child.kill('SIGKILL'))
  const [said] = await once(child, 'message')
  return { child, said }
}

describe('a lock', () => {
  test('is for one process at a time', async () => {
    const paths = await prepared()
    const lock = lockDataDirectory(paths, 'journal')
    expect((await startHolder(paths.root, 'journal')).said).toBe('DATA_LOCKED')
    expect((await startHolder(paths.root, 'state')).said).toBe('locked')
    lock.release()
    expect((await startHolder(paths.root, 'journal')).said).toBe('locked')
  })

  test('is for one holder at a time within a process, too', async () => {
    const paths = await prepared()
    const lock = lockDataDirectory(paths, 'journal')
    const fault = faultOf(() => lockDataDirectory(paths, 'journal'))
    expect(fault).toMatchObject({ code: 'DATA_LOCKED', retryable: true })
    expect(fault.message).toContain(paths.root)
    lock.release()
    lockDataDirectory(paths, 'journal').release()
  })

  test('is let go by a process that is killed', async () => {
    const paths = await prepared()
    const { child, said } = await startHolder(paths.root, 'journal')
    expect(said).toBe('locked')
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('DATA_LOCKED')
    child.kill('SIGKILL')
    await once(child, 'exit')
    lockDataDirectory(paths, 'journal').release()
  })

  test('can be waited for while its holder is ending', async () => {
    const paths = await prepared()
    const { child } = await startHolder(paths.root, 'journal')
    const waiting = awaitLock(paths, 'journal', 20_000)
    child.kill('SIGKILL')
    ;(await waiting).release()
  })

  test('is waited for no longer than said', async () => {
    const paths = await prepared()
    const lock = lockDataDirectory(paths, 'journal')
    await expect(awaitLock(paths, 'journal', 0)).rejects.toMatchObject({ code: 'DATA_LOCKED' })
    lock.release()
  })

  const losses = {
    'the folder of what runs': ({ run }: DataPaths) => rmSync(run, { recursive: true }),
    'everything in it': ({ root }: DataPaths) => {
      for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true })
    },
    'the folder that is locked, moved away': ({ journal }: DataPaths) =>
      renameSync(journal, `${journal}.old`),
  }
  for (const [what, lose] of Object.entries(losses)) {
    test(`of the service is kept whatever is deleted: ${what}`, async () => {
      const paths = await prepared()
      const { said } = await startHolder(paths.root, 'service')
      expect(said).toBe('locked')
      lose(paths)
      prepareDataDirectory(paths)
      expect(faultOf(() => lockDataDirectory(paths, 'service')).code).toBe('DATA_LOCKED')
    })
  }

  test('on what is not there may be had later: it is no wrong configuration', async () => {
    const paths = await prepared()
    rmSync(paths.journal, { recursive: true })
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('DATA_UNAVAILABLE')
    await expect(awaitLock(paths, 'journal', 20_000)).rejects.toMatchObject({ code: 'DATA_UNAVAILABLE' })
  })

  test.skipIf(process.getuid?.() === 0)('in a directory that may not be read says so', async () => {
    const paths = await prepared()
    chmodSync(paths.journal, 0)
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('CONFIG_INVALID')
  })
})
