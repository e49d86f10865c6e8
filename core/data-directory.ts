import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { LintelError, messageOf } from './errors.ts'
import { codeOfFileFault } from './files.ts'

/** Increment it when older versions can no longer read what this version writes. */
const dataFormat = '1'

/** The paths of all data that Lintel keeps, in one directory. docs/operating.md describes them. */
export interface DataPaths {
  readonly root: string
  readonly journal: string
  readonly state: string
  readonly waiting: string
  readonly snapshots: string
  readonly uplink: string
  readonly store: string
  /** Endpoints of the processes that run now. */
  readonly run: string
  /** The last time that was known to be true. */
  readonly clock: string
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
    clock: inside('clock.json'),
    token: inside('token'),
  }
}

/** LMDB environments of small state; each is written by one process. */
export const stateDirectories = ({ state, snapshots, uplink }: DataPaths) => ({
  state,
  snapshots: join(snapshots, 'index'),
  uplink,
})

/** All LMDB environments. */
export const lmdbDirectories = (paths: DataPaths): string[] => [
  paths.journal,
  ...Object.values(stateDirectories(paths)),
]

/**
 * Creates missing directories and files. Throws DATA_VERSION for another format, CONFIG_INVALID if no data directory can
 * be at this path, DATA_UNAVAILABLE if it cannot be used now.
 */
export function prepareDataDirectory(paths: DataPaths): void {
  try {
    const { root, journal, state, waiting, snapshots, uplink, store, run } = paths
    for (const directory of [root, journal, state, waiting, snapshots, uplink, store, run]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
    checkFormat(join(paths.root, 'FORMAT'))
    // A full disk may have left an empty token, which would admit everyone or nobody: replace it.
    if (!readIfThere(paths.token)?.trim())
      replaceFile(paths.token, `${randomBytes(24).toString('base64url')}\n`)
  } catch (error) {
    if (error instanceof LintelError) throw error
    throw new LintelError(
      codeOfFileFault(error),
      `the data directory ${paths.root} cannot be used: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** True once the directory has been prepared. */
export const isDataDirectory = (paths: DataPaths) => existsSync(join(paths.root, 'FORMAT'))

/**
 * Writes the format again if the file is empty or has only zeros, as after a full disk or a power cut. There has been one
 * format so far.
 */
function checkFormat(path: string): void {
  const found = readIfThere(path)?.replaceAll('\0', '').trim()
  if (found === dataFormat) return
  if (!found) {
    replaceFile(path, `${dataFormat}\n`)
    return
  }
  throw new LintelError(
    'DATA_VERSION',
    `${path} says format ${found}, this version of lintel reads ${dataFormat}: run the version that wrote it`,
  )
}

/** Replaces a file atomically, with mode 0600. */
function replaceFile(path: string, text: string, flush = true): void {
  const draft = `${path}.new`
  try {
    writeFileSync(draft, text, { mode: 0o600, flush })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LintelError(codeOfFileFault(error), `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** The address at which a running process of ours listens for the others. */
export interface Endpoint {
  readonly url: string
  readonly token: string
  readonly pid: number
}

export const endpointPath = (paths: DataPaths, name: EndpointName) => join(paths.run, `${name}.json`)
export type EndpointName = 'api' | 'gateway' | 'tagger' | 'uplink'

export function publishEndpoint(paths: DataPaths, name: EndpointName, endpoint: Endpoint): void {
  // Not flushed: an endpoint is worthless after a power cut, and a start on a slow disk need not wait for it.
  replaceFile(endpointPath(paths, name), JSON.stringify(endpoint), false)
}

export function withdrawEndpoint(paths: DataPaths, name: EndpointName): void {
  rmSync(endpointPath(paths, name), { force: true })
}

/** Undefined if none is published. A killed process may have left its endpoint behind. */
export function findEndpoint(paths: DataPaths, name: EndpointName): Endpoint | undefined {
  const text = readIfThere(endpointPath(paths, name))
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Endpoint)
  } catch {
    // A power cut truncated the file.
    return undefined
  }
}

/** True if the process that published the endpoint still runs. */
export function isRunning(endpoint: Endpoint | undefined): boolean {
  if (endpoint === undefined) return false
  try {
    return process.kill(endpoint.pid, 0)
  } catch (error) {
    // The process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
