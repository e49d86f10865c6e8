import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api'
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { collect } from '../../core/collect.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { GuardedFiles } from '../../core/guarded-files.ts'
import { type DuckDbOptions, databasePath, isFatal, type Opened, openDatabase } from './duckdb-database.ts'
import { type Known, readKnown } from './duckdb-known.ts'

export interface ConnectionOptions extends DuckDbOptions {
  clock: Clock
  onFault?: (error: unknown) => void
  /** Guards the database file while it is open; without it, each write checks nothing. */
  files?: GuardedFiles
}

export type Rows = readonly (readonly unknown[])[]

/** A database that is reopened whenever it fails, until it is closed. */
export interface Connections {
  /** Throws STORE_UNAVAILABLE while the database is not open. */
  known(): Known
  /** Runs `work` on the only writing connection, after all earlier calls. */
  write<T>(work: (writer: DuckDBConnection, known: Known) => Promise<T>): Promise<T>
  /** Rejects with STORE_UNAVAILABLE. */
  query(sql: string, parameters?: string[]): Promise<Rows>
  /** Like `query`, but row by row; rejects with what `take` throws, and then stops reading. */
  eachRow(sql: string, parameters: string[], take: (row: readonly unknown[]) => void): Promise<void>
  /** Like `query`, but returns typed vectors; the signal ends it, with its reason. */
  queryChunks(sql: string, signal?: AbortSignal): Promise<readonly DuckDBDataChunk[]>
  close(): Promise<void>
}

type Session = Opened & { known: Known }

const queryTimeoutMs = 60_000
const interruptEveryMs = 50
const collectEvery = 64
const reopen = { firstMs: 200, maxMs: 10_000 }

/**
 * Resolves even if the database cannot be opened yet (another process has the file, the disk is full). Opening is tried
 * again, and until then everything is STORE_UNAVAILABLE. The journal waits.
 */
export async function openConnections(options: ConnectionOptions): Promise<Connections> {
  const { clock, onFault = () => {}, files = new GuardedFiles() } = options
  const path = databasePath(options.directory)
  let session: Session | undefined
  let why = 'it is closed'
  let closing = false
  let tries = 0
  let timer: NodeJS.Timeout | undefined
  /** Runs opening, writing and closing one after the other. */
  let queue: Promise<unknown> = Promise.resolve()
  const queries = new Set<Promise<unknown>>()

  function serially<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }

  async function openSession(): Promise<void> {
    if (closing) return
    try {
      const opened = await openDatabase(options, clock(), onFault)
      try {
        session = { ...opened, known: await readKnown(opened.writer) }
        files.watch(path)
      } catch (error) {
        shut(opened)
        throw error
      }
      tries = 0
    } catch (error) {
      why = messageOf(error)
      onFault(error)
      retry()
    }
  }

  function retry(): void {
    if (closing) return
    timer = setTimeout(() => serially(openSession), backoffMs(++tries, reopen, Math.random()))
    timer.unref()
  }

  /** Closes in the queue and after the queries: closing a busy connection leaves its promise unsettled. */
  function invalidate(error: unknown, broken: Session): void {
    if (session !== broken) return
    session = undefined
    files.forget(path)
    why = messageOf(error)
    onFault(
      new LintelError('STORE_UNAVAILABLE', `the database has to be opened anew: ${why}`, { cause: error }),
    )
    void serially(async () => {
      await endQueries()
      shut(broken)
      retry()
    })
  }

  function checkFiles(): void {
    try {
      files.check()
    } catch (error) {
      onFault(error)
      throw error
    }
  }

  function current(): Session {
    if (session !== undefined && !closing) return session
    throw new LintelError('STORE_UNAVAILABLE', `the database is not open: ${why}`)
  }

  const interrupts = new Set<() => void>()
  /** Interrupts repeatedly: an interrupt that comes before its query has begun is lost. */
  async function endQueries(): Promise<void> {
    const interrupt = () => {
      for (const act of interrupts) act()
    }
    const again = setInterval(interrupt, interruptEveryMs)
    interrupt()
    await Promise.allSettled(queries)
    clearInterval(again)
  }

  /** Each query has its own connection: a busy one would delay the others. */
  async function query<T>(
    read: (connection: DuckDBConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const asked = current()
    let connection: DuckDBConnection | undefined
    let timedOut = false
    const interrupt = () => connection?.interrupt()
    signal?.throwIfAborted()
    signal?.addEventListener('abort', interrupt)
    const limit = setTimeout(() => {
      timedOut = true
      interrupt()
    }, queryTimeoutMs)
    interrupts.add(interrupt)
    try {
      connection = await connectTo(asked.instance)
      // Planning and running see the same rows only within one transaction. A filter that every row met when the
      // statement was planned is left out, and would admit rows written before it runs.
      await connection.run('BEGIN TRANSACTION READ ONLY')
      return await read(connection)
    } catch (error) {
      if (isFatal(error)) invalidate(error, asked)
      else signal?.throwIfAborted()
      const reason = timedOut
        ? `it took longer than ${queryTimeoutMs / 1000} s: ask for less`
        : messageOf(error)
      throw new LintelError('STORE_UNAVAILABLE', `the query failed: ${reason}`, { cause: error })
    } finally {
      clearTimeout(limit)
      signal?.removeEventListener('abort', interrupt)
      interrupts.delete(interrupt)
      connection?.closeSync()
    }
  }

  function keep<T>(answer: Promise<T>): Promise<T> {
    queries.add(answer)
    const done = () => queries.delete(answer)
    answer.then(done, done)
    return answer
  }

  await serially(openSession)
  return {
    known: () => current().known,
    write: work =>
      serially(async () => {
        const used = current()
        try {
          const done = await work(used.writer, used.known)
          // Confirm only if the file on disk is still the one that was written.
          checkFiles()
          return done
        } catch (error) {
          // The write may have been made after all: read what is known again before writing anything else.
          const known = isFatal(error) ? undefined : await readKnown(used.writer).catch(() => undefined)
          if (known === undefined) invalidate(error, used)
          else used.known = known
          throw error
        }
      }),
    query: (sql, parameters = []) =>
      keep(query(async connection => (await connection.runAndReadAll(sql, parameters)).getRows())),
    async eachRow(sql, parameters, take) {
      let thrown: { readonly by: unknown } | undefined
      const reading = query(async connection => {
        const result = await connection.stream(sql, parameters)
        for (let read = 1; ; read++) {
          const chunk = await result.fetchChunk()
          if (chunk === null || chunk.rowCount === 0) return
          try {
            for (const row of chunk.getRows()) take(row)
          } catch (error) {
            // The reader's error, not the database's.
            thrown = { by: error }
            return
          }
          await nextTurn()
          // A chunk is memory of DuckDB, which the engine does not count when it decides to collect.
          if (read % collectEvery === 0) await collect()
        }
      })
      await keep(reading)
      if (thrown !== undefined) throw thrown.by
    },
    queryChunks: (sql, signal) =>
      keep(query(async connection => (await connection.stream(sql)).fetchAllChunks(), signal)),
    async close() {
      closing = true
      clearTimeout(timer)
      await serially(async () => {
        if (session === undefined) return
        const last = session
        session = undefined
        files.forget(path)
        await endQueries()
        await last.writer.run('CHECKPOINT').catch(onFault)
        shut(last)
      })
    },
  }
}

const connectTo = (instance: DuckDBInstance) => instance.connect()

function shut({ instance, writer }: Opened): void {
  writer.closeSync()
  instance.closeSync()
}
