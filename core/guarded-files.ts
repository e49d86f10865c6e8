import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LintelError } from './errors.ts'

/** Whatever stands at a path: another file there has another identity, also one of the same name and content. */
interface Identity {
  readonly dev: bigint
  readonly ino: bigint
}

interface Watched {
  readonly path: string
  /** Undefined while nothing has stood there yet. */
  readonly seen: Identity | undefined
  /**
   * A directory is held open: else its inode number may be given to the next one that is made. A file is not, as
   * closing it would give up the locks that a database of this process has on it; but that has it open itself.
   */
  readonly held: number | undefined
}

const identityOf = ({ dev, ino }: BigIntStats): Identity => ({ dev, ino })
const isSame = (a: Identity, b: Identity) => a.dev === b.dev && a.ino === b.ino

/** Errors that say that nothing stands at a path. Others, such as a failing disk, say nothing about it. */
const isGone = (error: unknown) =>
  ['ENOENT', 'ENOTDIR', 'ESTALE'].includes((error as NodeJS.ErrnoException).code ?? '')

/** The files of an LMDB environment, and its directory. Without `lock.mdb` its processes would not know of each other. */
export const lmdbFiles = (directory: string): readonly string[] => [
  directory,
  join(directory, 'data.mdb'),
  join(directory, 'lock.mdb'),
]

/**
 * Files and directories that this process has open, and that must stay at their paths: what is written to a file
 * that has been deleted, renamed, replaced or unmounted is lost, and no call fails. Compares what stands at each
 * path with what stood there when it was first seen, so watch a path before the file is opened.
 */
export class GuardedFiles {
  readonly #watched = new Map<string, Watched>()

  constructor(paths: readonly string[] = []) {
    this.watch(...paths)
  }

  /** What stands at a path now is what has to stay there; where nothing does, whatever comes first. */
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

  /** Throws DATA_GONE. A microsecond a path: for a thread that waits for the disk anyway. */
  check(): void {
    for (const watched of [...this.#watched.values()]) this.#judge(watched, look(watched.path, watched.seen))
  }

  /** Rejects with DATA_GONE. For an event loop: a disk that hangs does not hold it up. */
  async checkLater(): Promise<void> {
    for (const watched of [...this.#watched.values()]) {
      const now = await stat(watched.path, { bigint: true }).then(identityOf, error =>
        isGone(error) ? undefined : watched.seen,
      )
      // It may have been let go meanwhile.
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
