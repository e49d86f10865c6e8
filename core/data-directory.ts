import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { codeOf, LintelError, messageOf } from './errors.ts'

/** Raised when an older version could no longer read what this one writes. */
const dataFormat = '1'

/** Everything that Lintel keeps, in one directory: docs/operating.md says what is where. */
export interface DataPaths {
  readonly root: string
  readonly journal: string
  readonly state: string
  readonly waiting: string
  readonly snapshots: string
  readonly uplink: string
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
    snapshots: inside('snapshots'),
    uplink: inside('uplink'),
    store: inside('store'),
    run: inside('run'),
    token: inside('token'),
  }
}

/** The LMDB environments of small state: each has one process that writes it. */
export const stateDirectories = ({ state, snapshots, uplink }: DataPaths) => ({
  state,
  snapshots: join(snapshots, 'index'),
  uplink,
})

/** All environments of LMDB. */
export const lmdbDirectories = (paths: DataPaths): string[] => [
  paths.journal,
  ...Object.values(stateDirectories(paths)),
]

/** Makes what is missing. Throws DATA_VERSION for a directory of another format, CONFIG_INVALID where it cannot be written. */
export function prepareDataDirectory(paths: DataPaths): void {
  try {
    const { root, journal, state, waiting, snapshots, uplink, store, run } = paths
    for (const directory of [root, journal, state, waiting, snapshots, uplink, store, run]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
    checkFormat(join(paths.root, 'FORMAT'))
    // An empty one, which a full disk may have left, would let everyone in or nobody.
    if (!readIfThere(paths.token)?.trim())
      replaceFile(paths.token, `${randomBytes(24).toString('base64url')}\n`)
  } catch (error) {
    if (error instanceof LintelError) throw error
    throw new LintelError(
      'CONFIG_INVALID',
      `the data directory ${paths.root} cannot be used: ${messageOf(error)}`,
    )
  }
}

/** Whether it has been prepared before. */
export const isDataDirectory = (paths: DataPaths) => existsSync(join(paths.root, 'FORMAT'))

function checkFormat(path: string): void {
  const found = readIfThere(path)?.trim()
  if (found === dataFormat) return
  if (found === undefined) {
    replaceFile(path, `${dataFormat}\n`)
    return
  }
  throw new LintelError(
    'DATA_VERSION',
    `${path} says format ${found}, this version of lintel reads ${dataFormat}: run the version that wrote it`,
  )
}

/** Whole or not at all, whatever happens; for its owner's eyes. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true })
  renameSync(`${path}.new`, path)
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What one process at a time may do with a directory: be the service, write the journal, state and store, the snapshots, or how far the uplink is. */
export type LockName = 'service' | 'journal' | 'state' | 'snapshots' | 'uplink'

/** SQLITE_BUSY, of which the low byte is the code. */
const busy = 5
const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === busy

/**
 * Holds one part of the directory for this process, and lets go when it ends, however it ends: the
 * lock is the operating system's, taken through SQLite. Throws DATA_LOCKED if another has it,
 * CONFIG_INVALID where no lock can be had.
 */
export function lockDataDirectory(paths: DataPaths, name: LockName): { release(): void } {
  const path = join(paths.run, `${name}.lock`)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (!isBusy(error)) {
      throw new LintelError('CONFIG_INVALID', `${path} cannot be locked: ${messageOf(error)}`, {
        cause: error,
      })
    }
    const what = `another lintel is using ${paths.root}: stop it, or give --data another directory`
    throw new LintelError('DATA_LOCKED', what, { cause: error })
  }
  const held = database
  return { release: () => held.close() }
}

/** The same, but waits for a process that is just ending, such as one whose supervisor was killed. */
export async function awaitLock(
  paths: DataPaths,
  name: LockName,
  timeoutMs: number,
): Promise<{ release(): void }> {
  for (const until = Date.now() + timeoutMs; ; ) {
    try {
      return lockDataDirectory(paths, name)
    } catch (error) {
      if (codeOf(error) !== 'DATA_LOCKED' || Date.now() >= until) throw error
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
export type EndpointName = 'api' | 'gateway' | 'tagger' | 'uplink'

export function publishEndpoint(paths: DataPaths, name: EndpointName, endpoint: Endpoint): void {
  replaceFile(endpointPath(paths, name), JSON.stringify(endpoint))
}

export function withdrawEndpoint(paths: DataPaths, name: EndpointName): void {
  rmSync(endpointPath(paths, name), { force: true })
}

/** Undefined where none has been published; one that was killed may have left its own behind. */
export function findEndpoint(paths: DataPaths, name: EndpointName): Endpoint | undefined {
  const text = readIfThere(endpointPath(paths, name))
  return text === undefined ? undefined : JSON.parse(text)
}

/** Whether the process that published it still runs. */
export function isRunning(endpoint: Endpoint | undefined): boolean {
  if (endpoint === undefined) return false
  try {
    return process.kill(endpoint.pid, 0)
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
