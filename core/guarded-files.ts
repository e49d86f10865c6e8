import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LintelError } from './errors.ts'

/** Identifies the file at a path. Another file has another identity, even with the same name and content. */
interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

interface Watched {
  readonly path: string
  /** Undefined while there has been nothing at the path. */
  readonly seen: Identity | undefined
  /**
   * A directory is held open: otherwise the next directory made may get its inode number. A file is not: closing it would
   * release the locks that a database of this process has on it, and the database itself keeps it open.
   */
  readonly held: number | undefined
}

const identityOf = ({ dev, ino }: BigIntStats): Identity => ({ dev, ino })
const isSame = (a: Identity, b: Identity) => a.dev === b.dev && a.ino === b.ino

/** True for errors which say that nothing is at a path. Others, such as an I/O error, say nothing about that. */
const isGone = (error: unknown) =>
  ['ENOENT', 'ENOTDIR', 'ESTALE'].includes((error as NodeJS.ErrnoException).code ?? '')

/** The directory and the files of an LMDB environment. Processes that use it know of each other only through `lock.mdb`. */
export const lmdbFiles = (directory: string): readonly string[] => [
  directory,
  join(directory, 'data.mdb'),
  join(directory, 'lock.mdb'),
]

/**
 * Files and directories that this process has open and that must stay at their paths: data written to a file that has
 * been deleted, renamed, replaced or unmounted is lost, and no call fails. Compares the file at each path with the one
 * first seen there, so watch a path before you open the file.
 */
export class GuardedFiles {
  readonly #watched = new Map<string, Watched>()

  constructor(paths: readonly string[] = []) {
    this.watch(...paths)
  }

  /** Expects the current file to stay at each path; if there is none, the first one that appears. */
  watch(...paths: readonly string[]): void {
    for (const path of paths) {
      this.forget(path)
      const held = hold(path)
      const seen = held === undefined ? look(path) : identityOf(fstatSync(held, { bigint: true }))
      this.#watched.set(path, { path, seen, held })
    }
  }

  forget(...paths: readonly string[]): void {
    for (const path of paths) {
      const held = this.#watched.get(path)?.held
      if (held !== undefined) closeSync(held)
      this.#watched.delete(path)
    }
  }

  /** Throws DATA_GONE. Blocks for 1 µs a path: for a thread that waits for the disk anyway. */
  check(): void {
    for (const watched of [...this.#watched.values()]) this.#judge(watched, look(watched.path, watched.seen))
  }

  /** Rejects with DATA_GONE. For an event loop: a disk that hangs does not block it. */
  async checkLater(): Promise<void> {
    for (const watched of [...this.#watched.values()]) {
      const now = await stat(watched.path, { bigint: true }).then(identityOf, error =>
        isGone(error) ? undefined : watched.seen,
      )
      // The path may have been forgotten or watched again meanwhile.
      if (this.#watched.get(watched.path) === watched) this.#judge(watched, now)
    }
  }

  #judge({ path, seen }: Watched, now: Identity | undefined): void {
    if (seen === undefined) {
      if (now !== undefined) this.watch(path)
      return
    }
    if (now !== undefined && isSame(seen, now)) return
    const what = now === undefined ? 'is no longer there' : 'is not the one that was opened'
    const how = 'deleted, moved, replaced or unmounted while it was in use'
    const next =
      'The process ends and is started again with what is there; put the right one back if this was a mistake'
    throw new LintelError('DATA_GONE', `${path} ${what}: ${how}. ${next}`)
  }
}

function hold(directory: string): number | undefined {
  if (process.platform === 'win32') return undefined
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return undefined
  }
}

function look(path: string, otherwise?: Identity): Identity | undefined {
  try {
    return identityOf(statSync(path, { bigint: true }))
  } catch (error) {
    return isGone(error) ? undefined : otherwise
  }
}
