import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LintelError, messageOf } from './errors.ts'

/** Raised when an older version could no longer read what this one writes. */
const dataFormat = '1'

/** Everything that Lintel keeps, in one directory: docs/operating.md says what is where. */
export interface DataPaths {
  readonly root: string
  readonly journal: string
  readonly state: string
  readonly waiting: string
  readonly store: string
  /** Where the processes that run now can be reached. */
  readonly run: string
  /** The operator's token for the API, mode 0600. */
  readonly token: string
}

export function dataPaths(directory: string): DataPaths {
  const root = resolve(directory)
  const inside = (name: string) => join(root, name)
  return {
    root,
    journal: inside('journal'),
    state: inside('state'),
    waiting: inside('waiting'),
    store: inside('store'),
    run: inside('run'),
    token: inside('token'),
  }
}

/** Makes what is missing. Throws DATA_VERSION for a directory of another format, CONFIG_INVALID where it cannot be written. */
export function prepareDataDirectory(paths: DataPaths): void {
  try {
    for (const directory of [paths.root, paths.journal, paths.state, paths.waiting, paths.store, paths.run]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
    checkFormat(join(paths.root, 'FORMAT'))
    if (readIfThere(paths.token) === undefined) {
      writeFileSync(paths.token, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
    }
  } catch (error) {
    if (error instanceof LintelError) throw error
    throw new LintelError('CONFIG_INVALID', `the data directory ${paths.root} cannot be used: ${messageOf(error)}`)
  }
}

function checkFormat(path: string): void {
  const found = readIfThere(path)?.trim()
  if (found === undefined) return writeFileSync(path, `${dataFormat}\n`)
  if (found === dataFormat) return
  throw new LintelError('DATA_VERSION', `${path} says format ${found}, this version of lintel reads ${dataFormat}: run the version that wrote it`)
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What one process at a time may do with a directory: be the service, write the journal, write state and store. */
export type LockName = 'service' | 'journal' | 'state'

/**
 * Holds one part of the directory for this process, and lets go when it ends, however it ends: the
 * lock is the operating system's, taken through SQLite. Throws DATA_LOCKED if another has it.
 */
export function lockDataDirectory(paths: DataPaths, name: LockName): { release(): void } {
  const database = new DatabaseSync(join(paths.run, `${name}.lock`), { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new LintelError('DATA_LOCKED', `another lintel is using ${paths.root}: stop it, or give --data another directory`, { cause: error })
  }
  return { release: () => database.close() }
}

/** The same, but waits for a process that is just ending, such as one whose supervisor was killed. */
export async function awaitLock(paths: DataPaths, name: LockName, timeoutMs: number): Promise<{ release(): void }> {
  for (const until = Date.now() + timeoutMs; ; ) {
    try {
      return lockDataDirectory(paths, name)
    } catch (error) {
      if (Date.now() >= until) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

/** Where a running process of ours listens for the others. */
export interface Endpoint {
  readonly url: string
  readonly token: string
  readonly pid: number
}

const endpointPath = (paths: DataPaths, name: EndpointName) => join(paths.run, `${name}.json`)
export type EndpointName = 'api' | 'gateway'

export function publishEndpoint(paths: DataPaths, name: EndpointName, endpoint: Endpoint): void {
  const path = endpointPath(paths, name)
  writeFileSync(`${path}.new`, JSON.stringify(endpoint), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function withdrawEndpoint(paths: DataPaths, name: EndpointName): void {
  rmSync(endpointPath(paths, name), { force: true })
}

/** Undefined where none has been published; one that was killed may have left its own behind. */
export function findEndpoint(paths: DataPaths, name: EndpointName): Endpoint | undefined {
  const text = readIfThere(endpointPath(paths, name))
  return text === undefined ? undefined : JSON.parse(text)
}
