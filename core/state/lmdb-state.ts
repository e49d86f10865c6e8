import { ABORT, type Database, open } from 'lmdb'
import type { State, Table } from './state.ts'

export interface LmdbStateOptions {
  directory: string
  /** Any number of processes may read; one writes. */
  readOnly?: boolean
}

const maxTables = 32

/**
 * `overlappingSync: false`: with it on, lmdb resolves a commit that a crash of the machine may still
 * undo, and a failed flush can leave a promise that never settles.
 */
export function openLmdbState({ directory, readOnly = false }: LmdbStateOptions): State {
  const root = open({ path: directory, maxDbs: maxTables, overlappingSync: false, readOnly, noSubdir: false })
  const databases = new Map<string, Database<unknown, string>>()

  /** A reader may come before the writer has made the table; then it is empty, and looked for again. */
  function databaseOf(name: string): Database<unknown, string> | undefined {
    let database = databases.get(name)
    if (database === undefined) {
      database = root.openDB<unknown, string>({ name, encoding: 'json' }) as
        | Database<unknown, string>
        | undefined
      if (database !== undefined) databases.set(name, database)
    }
    return database
  }

  return {
    table<V>(name: string): Table<V> {
      if (!readOnly) databaseOf(name)
      return {
        get: key => databaseOf(name)?.get(key) as V | undefined,
        *entries() {
          const database = databaseOf(name)
          if (database === undefined) return
          for (const { key, value } of database.getRange({ snapshot: false })) yield [key, value as V]
        },
        put(key, value) {
          databaseOf(name)!.putSync(key, value)
        },
        remove(key) {
          databaseOf(name)!.removeSync(key)
        },
      }
    },
    async transact<T>(change: () => T): Promise<T> {
      let result: { value: T } | { error: unknown } | undefined
      await root.transaction(() =>
        // A child, because an error thrown in lmdb's own transaction does not undo its writes.
        root.childTransaction(() => {
          try {
            result = { value: change() }
          } catch (error) {
            result = { error }
            return ABORT
          }
        }),
      )
      if (result === undefined || 'error' in result) throw result?.error
      return result.value
    },
    close: () => root.close(),
  }
}
