import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  awaitLock,
  dataPaths,
  findEndpoint,
  type LockName,
  lockDataDirectory,
  prepareDataDirectory,
  publishEndpoint,
  withdrawEndpoint,
} from '../../core/data-directory.ts'
import type { LintelError } from '../../core/errors.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function prepared() {
  const paths = dataPaths(join(await temporaryDirectory(), 'data'))
  prepareDataDirectory(paths)
  return paths
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

function faultOf(act: () => unknown): LintelError {
  try {
    act()
  } catch (error) {
    return error as LintelError
  }
  throw new Error('it threw nothing')
}

describe('a data directory', () => {
  test('is made with all its rooms, for its owner alone', async () => {
    const paths = await prepared()
    expect(readdirSync(paths.root).sort()).toEqual(
      ['FORMAT', 'journal', 'run', 'snapshots', 'state', 'store', 'token', 'uplink', 'waiting'].sort(),
    )
    expect(modeOf(paths.root)).toBe('700')
    expect(modeOf(paths.token)).toBe('600')
    expect(readFileSync(join(paths.root, 'FORMAT'), 'utf8')).toBe('1\n')
    expect(readFileSync(paths.token, 'utf8')).toMatch(/^[\w-]{32}\n$/)
  })

  test('keeps its token when it is prepared again', async () => {
    const paths = await prepared()
    const token = readFileSync(paths.token, 'utf8')
    prepareDataDirectory(paths)
    expect(readFileSync(paths.token, 'utf8')).toBe(token)
  })

  test('gets a token where an empty file was left: it would be no secret', async () => {
    const paths = await prepared()
    writeFileSync(paths.token, '\n')
    prepareDataDirectory(paths)
    expect(readFileSync(paths.token, 'utf8')).toMatch(/^[\w-]{32}\n$/)
    expect(modeOf(paths.token)).toBe('600')
  })

  test('of another format is left alone, and which version to run is said', async () => {
    const paths = await prepared()
    writeFileSync(join(paths.root, 'FORMAT'), '2\n')
    const fault = faultOf(() => prepareDataDirectory(paths))
    expect(fault.code).toBe('DATA_VERSION')
    expect(fault.message).toMatch(/says format 2, this version of lintel reads 1/)
  })

  test('that cannot be made is refused by name', async () => {
    const file = join(await temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const fault = faultOf(() => prepareDataDirectory(dataPaths(join(file, 'data'))))
    expect(fault.code).toBe('CONFIG_INVALID')
    expect(fault.message).toContain(file)
  })

  test('says where its processes are, until they withdraw', async () => {
    const paths = await prepared()
    expect(findEndpoint(paths, 'api')).toBeUndefined()
    const endpoint = { url: 'http://127.0.0.1:1', token: 'x', pid: 1 }
    publishEndpoint(paths, 'api', endpoint)
    expect(findEndpoint(paths, 'api')).toEqual(endpoint)
    expect(modeOf(join(paths.run, 'api.json'))).toBe('600')
    withdrawEndpoint(paths, 'api')
    withdrawEndpoint(paths, 'api')
    expect(findEndpoint(paths, 'api')).toBeUndefined()
  })
})

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

  test('that cannot be had at all is not mistaken for one that is taken, nor waited for', async () => {
    const paths = await prepared()
    mkdirSync(join(paths.run, 'journal.lock'))
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('CONFIG_INVALID')
    await expect(awaitLock(paths, 'journal', 20_000)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    rmSync(paths.run, { recursive: true })
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('CONFIG_INVALID')
    expect(existsSync(paths.run)).toBe(false)
  })

  test.skipIf(process.getuid?.() === 0)('in a directory that may not be written says so', async () => {
    const paths = await prepared()
    chmodSync(paths.run, 0o500)
    expect(faultOf(() => lockDataDirectory(paths, 'journal')).code).toBe('CONFIG_INVALID')
  })
})
