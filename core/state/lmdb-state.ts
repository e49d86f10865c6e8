import { ABORT, type Database, open } from 'lmdb'
import { damaged, isLmdbDamage } from '../damage.ts'
import { LintelError, messageOf } from '../errors.ts'
import { sealJson, unsealJson } from '../sealed.ts'
import { assertKey, isKey, type State, type Table } from './state.ts'

export interface LmdbStateOptions {
  directory: string
  /** Any number of processes may read; one writes. */
  readOnly?: boolean
}

const maxTables = 64

/**
 * Rows are sealed (core/sealed.ts): a row that the disk has changed throws STATE_CORRUPT.
 * `overlappingSync: false`: with it on, lmdb resolves a commit that a crash of the machine may still undo, and a failed
 * flush can leave a promise that never settles.
 * `eventTurnBatching: false`: with it on, lmdb makes a promise of its own for the writes of a turn, which nobody handles;
 * a failed commit, as on a full disk, rejects it too, and the unhandled rejection ends the process.
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
  const databases = new Map<string, Database<Buffer, string>>()
  /** Tables opened by the change that runs now: if it is undone, they are gone. */
  const unsure = new Set<string>()
  let changing = false

  /** A reader may come before the writer has made the table: it is then empty, and looked up again the next time. */
  function databaseOf(name: string): Database<Buffer, string> | undefined {
    // lmdb reuses the read transaction of this turn, which may be older than the last commit of the writer.
    if (readOnly) root.resetReadTxn()
    let database = databases.get(name)
    if (database === undefined) {
      database = root.openDB<Buffer, string>({ name, encoding: 'binary' }) as
        | Database<Buffer, string>
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
      const unseal = (key: string, row: Buffer): V => {
        const unsealed = unsealJson<V>(name, key, row)
        if (unsealed !== undefined) return unsealed.value
        throw damaged('STATE_CORRUPT', `a row of ${name} in ${directory} is not as it was written`)
      }
      return {
        get(key) {
          const row = isKey(key) ? databaseOf(name)?.getBinary(key) : undefined
          return row === undefined ? undefined : unseal(key, row)
        },
        entries({ after, until, limit, reverse = false } = {}) {
          const range = {
            reverse,
            ...(after === undefined ? {} : { start: after, exclusiveStart: true }),
            ...(until === undefined ? {} : { end: until }),
            ...(limit === undefined ? {} : { limit }),
          }
          const rows = databaseOf(name)?.getRange({ snapshot: false, ...range }) ?? []
          return [...rows].map(({ key, value }) => [key, unseal(key, value)])
        },
        put(key, value) {
          assertKey(key)
          databaseOf(name)!.putSync(key, sealJson(name, key, value))
        },
        remove(key) {
          if (isKey(key)) databaseOf(name)!.removeSync(key)
        },
      }
    },
    async transact<T>(change: () => T): Promise<T> {
      let result: { value: T } | { error: unknown } | undefined
      const committed = root.transaction(() =>
        // A child transaction, because an error thrown in lmdb's own transaction does not undo its writes.
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
        if (isLmdbDamage(error)) throw damaged('STATE_CORRUPT', `a page in ${directory} is damaged`)
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

/** lmdb gives the reason in another promise, which it may reject later or never; unhandled, it would end the process. */
async function causeOf(error: unknown): Promise<string> {
  const { commitError } = error as { commitError?: Promise<unknown> }
  const late = new Promise<string>(resolve => setTimeout(() => resolve(messageOf(error)), causeWithinMs))
  return commitError === undefined
    ? messageOf(error)
    : Promise.race([commitError.catch(messageOf).then(String), late])
}
