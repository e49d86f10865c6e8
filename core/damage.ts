import { type ErrorCode, LintelError } from './errors.ts'

let act: ((error: LintelError) => void) | undefined

/** What this process does once it has read something that is not as it was written. */
export function whenDamaged(end: (error: LintelError) => void): void {
  act = end
}

/** For what another thread of this process has read. */
export function tellDamage(error: LintelError): void {
  act?.(error)
}

/**
 * A row or a page that is not as it was written. Going on would be reading it again and again: a process of the service
 * ends, so that its supervisor has the files looked at while nobody has them open.
 */
export function damaged(code: ErrorCode, what: string): LintelError {
  const error = new LintelError(code, `${what}: the service rebuilds the file when it starts`)
  tellDamage(error)
  return error
}

/** MDB_CORRUPTED and MDB_PAGE_NOTFOUND of lmdb.h: LMDB's own way to say it, where it does not crash. */
const lmdbCodes: ReadonlySet<unknown> = new Set([-30796, -30797])
export const isLmdbDamage = (error: unknown) => lmdbCodes.has((error as { code?: unknown } | undefined)?.code)
