import { type ErrorCode, LintelError } from './errors.ts'

let act: ((error: LintelError) => void) | undefined

/** Sets what this process does once it has read corrupt data. */
export function whenDamaged(end: (error: LintelError) => void): void {
  act = end
}

/** Reports corrupt data that another thread of this process has read. */
export function tellDamage(error: LintelError): void {
  act?.(error)
}

/**
 * The error for a corrupt row or page. A retry would read it again and again, so the process ends, and its supervisor has
 * the files checked while no process has them open.
 */
export function damaged(code: ErrorCode, what: string): LintelError {
  const error = new LintelError(code, `${what}: the service rebuilds the file when it starts`)
  tellDamage(error)
  return error
}

/** MDB_CORRUPTED and MDB_PAGE_NOTFOUND of lmdb.h. LMDB returns them for damage if it does not crash. */
const lmdbCodes: ReadonlySet<unknown> = new Set([-30796, -30797])
export const isLmdbDamage = (error: unknown) => lmdbCodes.has((error as { code?: unknown } | undefined)?.code)
