import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DataPaths } from './data-directory.ts'
import { codeOf, LintelError, messageOf } from './errors.ts'
import { codeOfFileFault } from './files.ts'

/** What one process at a time may do with a directory: be the service, write the journal, state and store, the snapshots, or how far the uplink is. */
export type LockName = 'service' | 'journal' | 'state' | 'snapshots' | 'uplink'

export interface Lock {
  release(): void
}

/** The directory that a lock is for: the one that two processes must not share. */
const lockedDirectory = (paths: DataPaths, name: LockName) => (name === 'service' ? paths.root : paths[name])

/** Of util-linux, which every Debian has; BusyBox has it, too. Node has no flock(2) of its own. */
const flock = '/usr/bin/flock'
/** What it exits with where another process has the lock. */
const flockBusy = 1
const hasFlock = process.platform === 'linux' && existsSync(flock)

/**
 * Holds one part of the data directory for this process, and lets go when it ends, however it ends: the lock is the
 * operating system's. Throws DATA_LOCKED if another has it, DATA_UNAVAILABLE where no lock can be had now,
 * CONFIG_INVALID where it may not be had.
 */
export function lockDataDirectory(paths: DataPaths, name: LockName): Lock {
  const held = hasFlock
    ? lockDirectory(lockedDirectory(paths, name))
    : lockFile(join(paths.run, `${name}.lock`))
  if (held !== undefined) return held
  const what = `another lintel is using ${paths.root}: stop it, or give --data another directory`
  throw new LintelError('DATA_LOCKED', what)
}

/**
 * A lock on the directory itself, which is there as long as what is in it: no file can be deleted to be rid of it,
 * and a full disk has room for it. `flock` locks the open file that it is handed, which stays open here.
 */
function lockDirectory(directory: string): Lock | undefined {
  let file: number | undefined
  try {
    file = openSync(directory, 'r')
    const { status, error, stderr } = spawnSync(flock, ['-n', '-x', '3'], {
      stdio: ['ignore', 'ignore', 'pipe', file],
      encoding: 'utf8',
    })
    if (error !== undefined) throw error
    if (status === 0) {
      const held = file
      return { release: () => closeSync(held) }
    }
    closeSync(file)
    if (status === flockBusy && stderr === '') return undefined
    throw new LintelError(
      'DATA_UNAVAILABLE',
      `${directory} cannot be locked: ${stderr.trim() || `flock: ${status}`}`,
    )
  } catch (error) {
    if (error instanceof LintelError) throw error
    if (file !== undefined) closeSync(file)
    // One that is missing was there a moment ago: the next start makes it.
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const code = isMissing ? 'DATA_UNAVAILABLE' : codeOfFileFault(error)
    throw new LintelError(code, `${directory} cannot be locked: ${messageOf(error)}`, { cause: error })
  }
}

/** SQLITE_BUSY, of which the low byte is the code. */
const busy = 5
const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === busy

/** Where there is no flock(1): a lock file, taken through SQLite. On Windows it cannot be deleted while it is held. */
function lockFile(path: string): Lock | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) return undefined
    throw new LintelError('DATA_UNAVAILABLE', `${path} cannot be locked: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const held = database
  return { release: () => held.close() }
}

const lookEveryMs = 200

/** The same, but waits for a process that is just ending, such as one whose supervisor was killed. */
export async function awaitLock(paths: DataPaths, name: LockName, timeoutMs: number): Promise<Lock> {
  for (const until = performance.now() + timeoutMs; ; ) {
    try {
      return lockDataDirectory(paths, name)
    } catch (error) {
      if (codeOf(error) !== 'DATA_LOCKED' || performance.now() >= until) throw error
      await new Promise(resolve => setTimeout(resolve, lookEveryMs))
    }
  }
}
