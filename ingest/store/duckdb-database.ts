import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { LintelError, messageOf } from '../../core/errors.ts'
import { schemaSql } from './duckdb-tables.ts'

export interface DuckDbOptions {
  directory: string
  memoryBytes: number
  threads: number
}

export interface Opened {
  readonly instance: DuckDBInstance
  readonly writer: DuckDBConnection
}

/** An error after which the instance answers nothing until it is closed and reopened. */
export const isFatal = (error: unknown) =>
  /\bFATAL\b|has been invalidated|must be restarted/i.test(messageOf(error))

/** A log that cannot be replayed because the disk is full is not damaged. */
const isFull = (error: unknown) => /no space left|disk full/i.test(messageOf(error))

const isDamaged = (error: unknown) =>
  !isFull(error) &&
  /not a valid DuckDB database|corrupt|checksum|serialization error|while replaying WAL/i.test(
    messageOf(error),
  )

export const databasePath = (directory: string) => join(directory, 'lintel.duckdb')

/**
 * Opens the file without access to the rest of the machine: no extensions, no other files. A damaged file is moved
 * aside, never deleted, and a new one is created: the journal refills what it still holds.
 */
export async function openDatabase(
  options: DuckDbOptions,
  now: number,
  onDamaged: (error: LintelError) => void,
): Promise<Opened> {
  const { directory } = options
  const path = databasePath(directory)
  const temporary = join(directory, 'temporary')
  mkdirSync(temporary, { recursive: true })
  // If DuckDB cannot create a file because the disk is full, it leaves an empty one, which it cannot open later.
  if (existsSync(path) && statSync(path).size === 0) rmSync(path)
  try {
    return await open(path, temporary, options)
  } catch (error) {
    if (!isDamaged(error)) {
      throw new LintelError('STORE_UNAVAILABLE', `${path} cannot be opened: ${messageOf(error)}`, {
        cause: error,
      })
    }
    const aside = join(directory, `damaged-${now}.duckdb`)
    renameSync(path, aside)
    if (existsSync(`${path}.wal`)) renameSync(`${path}.wal`, `${aside}.wal`)
    onDamaged(
      new LintelError(
        'STORE_UNAVAILABLE',
        `the database was damaged, moved to ${aside} and begun anew: ${messageOf(error)}`,
      ),
    )
    return await open(path, temporary, options)
  }
}

async function open(
  path: string,
  temporary: string,
  { memoryBytes, threads }: DuckDbOptions,
): Promise<Opened> {
  const instance = await DuckDBInstance.create(path, {
    memory_limit: `${Math.floor(memoryBytes / 1024 / 1024)}MiB`,
    threads: String(threads),
    temp_directory: temporary,
    max_temp_directory_size: '4GiB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  try {
    const writer = await instance.connect()
    for (const statement of schemaSql) await writer.run(statement)
    // In this order, and not as options of create(), which refuses the combination.
    await writer.run('SET enable_external_access = false')
    await writer.run('SET lock_configuration = true')
    return { instance, writer }
  } catch (error) {
    instance.closeSync()
    throw error
  }
}
