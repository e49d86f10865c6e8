import { ABORT, type Database, open } from 'lmdb'
import { LintelError, messageOf } from '../errors.ts'
import { assertKey, isKey, type State, type Table } from './state.ts'

export interface LmdbStateOptions {
  directory: string
  /** Any number of processes may read; one writes. */
  readOnly?: boolean
}

const maxTables = 64

/**
 * `overlappingSync: false`: with it on, lmdb resolves a commit that a crash of the machine may still
 * undo, and a failed flush can leave a promise that never settles.
 * `eventTurnBatching: false`: with it on, lmdb makes a promise of its own for the writes of a turn, which nobody has;
 * a commit that fails, as on a full disk, rejects that, too, and ends the process as an unhandled rejection.
 */
export function openLmdbState({ directory, readOnly = false }: LmdbStateOptions): State {
  const root = open({
    path: directory,
    maxDbs: maxTables,
    overlappingSync: false,
    eventTurnBatching: false,
    readOnly,
    noSubdir: false,
  })
  const databases = new Map<string, Database<unknown, string>>()
  /** Opened by the change that runs now: if it is undone, so are they. */
  const unsure = new Set<string>()
  let changing = false

  /** A reader may come before the writer has made the table; then it is empty, and looked for again. */
  function databaseOf(name: string): Database<unknown, string> | undefined {
    // lmdb goes on with the read transaction of this turn, which may be older than the other's commit.
    if (readOnly) root.resetReadTxn()
    let database = databases.get(name)
    if (database === undefined) {
      database = root.openDB<unknown, string>({ name, encoding: 'json' }) as
        | Database<unknown, string>
        | undefined
      if (database !== undefined) databases.set(name, database)
      if (changing) unsure.add(name)
    }
    return database
  }

  function forget(): void {
    for (const name of unsure) databases.delete(name)
  }

  return {
    table<V>(name: string): Table<V> {
      if (!readOnly) databaseOf(name)
      return {
        get: key => (isKey(key) ? (databaseOf(name)?.get(key) as V | undefined) : undefined),
        entries({ after, until, limit, reverse = false } = {}) {
          const range = {
            reverse,
            ...(after === undefined ? {} : { start: after, exclusiveStart: true }),
            ...(until === undefined ? {} : { end: until }),
            ...(limit === undefined ? {} : { limit }),
          }
          const rows = databaseOf(name)?.getRange({ snapshot: false, ...range }) ?? []
          return [...rows].map(({ key, value }) => [key, value as V])
        },
        put(key, value) {
          assertKey(key)
          databaseOf(name)!.putSync(key, value)
        },
        remove(key) {
          if (isKey(key)) databaseOf(name)!.removeSync(key)
        },
      }
    },
    async transact<T>(change: () => T): Promise<T> {
      let result: { value: T } | { error: unknown } | undefined
      const committed = root.transaction(() =>
        // A child, because an error thrown in lmdb's own transaction does not undo its writes.
        root.childTransaction(() => {
          changing = true
          try {
            result = { value: change() }
          } catch (error) {
            result = { error }
            forget()
            return ABORT
          } finally {
            changing = false
            unsure.clear()
          }
        }),
      )
      try {
        await committed
      } catch (error) {
        const why = await causeOf(error)
        const what = `${directory} could not be written: ${why}`
        throw new LintelError('STATE_COMMIT_FAILED', what, { cause: error })
      }
      if (result === undefined || 'error' in result) throw result?.error
      return result.value
    },
    close: () => root.close(),
  }
}

const causeWithinMs = 100

/** lmdb says why in another promise, which it may reject later or never; unheard it would end the process. */
async function causeOf(error: unknown): Promise<string> {
  const { commitError } = error as { commitError?: Promise<unknown> }
  const late = new Promise<string>(resolve => setTimeout(() => resolve(messageOf(error)), causeWithinMs))
  return commitError === undefined
    ? messageOf(error)
    : Promise.race([commitError.catch(messageOf).then(String), late])
}
