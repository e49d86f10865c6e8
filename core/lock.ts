import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DataPaths } from './data-directory.ts'
import { codeOf, LintelError, messageOf } from './errors.ts'
import { codeOfFileFault } from './files.ts'

/**
 * The exclusive roles of processes: run the service; write the journal; write state and store; write the snapshots; write
 * the progress of the uplink.
 */
export type LockName = 'service' | 'journal' | 'state' | 'snapshots' | 'uplink'

export interface Lock {
  release(): void
}

/** The directory of a lock: two processes must not share it. */
const lockedDirectory = (paths: DataPaths, name: LockName) => (name === 'service' ? paths.root : paths[name])

/** From util-linux, which every Debian has; BusyBox has it, too. Node has no flock(2). */
const flock = '/usr/bin/flock'
/** Exit code of flock(1) if another process has the lock. */
const flockBusy = 1
const hasFlock = process.platform === 'linux' && existsSync(flock)

/**
 * Locks a part of the data directory for this process. The operating system releases the lock when the process ends,
 * however it ends. Throws DATA_LOCKED if another process has the lock, DATA_UNAVAILABLE if none can be taken now,
 * CONFIG_INVALID if none may be taken.
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
 * Locks the directory itself, which exists as long as its content: there is no lock file to delete, and a full disk does
 * not prevent the lock. `flock` locks the open file that it inherits, which stays open here.
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
    // A missing directory existed a moment ago: the next start makes it.
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const code = isMissing ? 'DATA_UNAVAILABLE' : codeOfFileFault(error)
    throw new LintelError(code, `${directory} cannot be locked: ${messageOf(error)}`, { cause: error })
  }
}

/** SQLITE_BUSY. The low byte of an error is its primary code. */
const busy = 5
const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === busy

/** Without flock(1): locks a file through SQLite. On Windows the file cannot be deleted while it is locked. */
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

/** Like `lockDataDirectory`, but waits for a process that is just ending, such as one whose supervisor was killed. */
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
