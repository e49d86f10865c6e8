import { statSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { Place, Seq } from '../../core/words.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import { appendColumns } from './duckdb-append.ts'
import { compileCells } from './duckdb-cells.ts'
import { type DuckDbOptions, databasePath, isFatal, type Opened, openDatabase } from './duckdb-database.ts'
import { toColumns } from './duckdb-tables.ts'
import type { Row, RowBatch, Store, StoreStats } from './store.ts'

export interface DuckDbStoreOptions extends DuckDbOptions {
  clock: Clock
  onFault?: (error: unknown) => void
}

const queryTimeoutMs = 60_000
const reopen = { firstMs: 200, maxMs: 10_000 }

/**
 * The time series in one DuckDB file. One connection writes, one batch at a time; the position applied
 * moves in the transaction of the rows, so a batch that is repeated after a crash is skipped and no
 * index is needed to tell duplicates. After an error that invalidates the instance it is opened anew.
 */
export async function openDuckDbStore(options: DuckDbStoreOptions): Promise<Store> {
  const { clock, onFault = () => {} } = options
  let opened: Opened | undefined
  let known: Known
  let closing = false
  let tries = 0
  /** Writes one after the other. */
  let queue: Promise<unknown> = Promise.resolve()
  const queries = new Set<DuckDBConnection>()

  async function openAll(): Promise<void> {
    opened = await openDatabase(options, clock(), onFault)
    known = await readKnown(opened.writer)
    tries = 0
  }

  function invalidate(error: unknown): void {
    if (opened === undefined || closing) return
    onFault(new LintelError('STORE_UNAVAILABLE', `the database has to be opened anew: ${messageOf(error)}`, { cause: error }))
    const { instance, writer } = opened
    opened = undefined
    writer.closeSync()
    instance.closeSync()
    retry()
  }

  function retry(): void {
    setTimeout(() => {
      if (closing) return
      openAll().catch(error => {
        onFault(error)
        retry()
      })
    }, backoffMs(++tries, reopen, Math.random())).unref()
  }

  function ready(): Opened {
    if (opened === undefined) throw new LintelError('STORE_UNAVAILABLE', 'the database is being opened anew')
    return opened
  }

  function serially<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }

  async function writeBatch({ journal, rows, next }: RowBatch): Promise<void> {
    const { writer } = ready()
    const { number, seq } = known.journals.get(journal) ?? { number: known.journals.size + 1, seq: 0 }
    const fresh = rows[0] !== undefined && rows[0].seq > seq ? rows : rows.filter(row => row.seq > seq)
    if (next <= seq) return
    const newPlaces = new Map<number, Place>()
    const newWords = new Map<string, number>()
    const wordId = (word: string) => {
      let id = known.words.get(word) ?? newWords.get(word)
      if (id === undefined) {
        id = known.words.size + newWords.size + 1
        newWords.set(word, id)
      }
      return id
    }
    for (const { place } of fresh) if (!known.places.has(place.id)) newPlaces.set(place.id, place)

    await writer.run('BEGIN')
    try {
      for (const [kind, ofKind] of byKind(fresh)) {
        await appendColumns(writer, kind, toColumns(kind, ofKind, number, wordId))
      }
      for (const { id, device, site, building, point, zone } of newPlaces.values()) {
        await writer.run('INSERT INTO place VALUES ($1, $2, $3, $4, $5, $6)', [id, device, site, building, point, zone])
      }
      for (const [word, id] of newWords) await writer.run('INSERT INTO word VALUES ($1, $2)', [id, word])
      const isNew = !known.journals.has(journal)
      await writer.run(
        isNew ? 'INSERT INTO applied (seq, journal, number) VALUES ($1, $2, $3)' : 'UPDATE applied SET seq = $1 WHERE journal = $2',
        isNew ? [BigInt(next), journal, number] : [BigInt(next), journal],
      )
      await writer.run('COMMIT')
    } catch (error) {
      // Unless it is rolled back, a COMMIT later "succeeds" and writes nothing.
      await writer.run('ROLLBACK').catch(() => {})
      if (isFatal(error)) invalidate(error)
      throw new LintelError('STORE_WRITE_FAILED', `a batch was not stored: ${messageOf(error)}`, { cause: error })
    }
    known.journals.set(journal, { number, seq: next })
    for (const id of newPlaces.keys()) known.places.add(id)
    for (const [word, id] of newWords) known.words.set(word, id)
  }

  /** A connection of its own for each query: one that is busy would hold up the others. */
  async function query(sql: string, parameters: string[] = []): Promise<readonly (readonly unknown[])[]> {
    const { instance } = ready()
    const connection = await instance.connect()
    queries.add(connection)
    const timer = setTimeout(() => connection.interrupt(), queryTimeoutMs)
    try {
      return (await connection.runAndReadAll(sql, parameters)).getRows()
    } catch (error) {
      if (isFatal(error)) invalidate(error)
      throw new LintelError('STORE_UNAVAILABLE', `the query failed: ${messageOf(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
      queries.delete(connection)
      connection.closeSync()
    }
  }

  await openAll()

  return {
    write: batch => serially(() => writeBatch(batch)),
    async applied(journal) {
      ready()
      return known.journals.get(journal)?.seq ?? 0
    },
    async cells(cellQuery) {
      const { sql, parameters, toCell } = compileCells(cellQuery)
      return (await query(sql, parameters)).map(toCell)
    },
    async countByDevice(journal, seq) {
      ready()
      const { number } = known.journals.get(journal) ?? { number: 0 }
      const counts = storedKinds.map(
        kind => `SELECT place, count(*) AS n FROM ${kind} WHERE journal = ${number} AND seq <= ${seq} GROUP BY place`,
      )
      const sql = `SELECT device, sum(n)::DOUBLE FROM (${counts.join(' UNION ALL ')}) JOIN place ON id = place GROUP BY device`
      return new Map((await query(sql)) as [string, number][])
    },
    async stats(): Promise<StoreStats> {
      const parts = storedKinds.map(kind => `SELECT '${kind}', count(*)::DOUBLE, min(at_ms)::DOUBLE FROM ${kind}`)
      const rows = (await query(parts.join(' UNION ALL '))) as [StoredKind, number, number | null][]
      const oldest = rows.flatMap(([, , at]) => (at === null ? [] : [at]))
      return {
        rows: Object.fromEntries(rows.map(([kind, n]) => [kind, n])) as StoreStats['rows'],
        bytes: statSync(databasePath(options.directory)).size,
        oldestAt: oldest.length === 0 ? undefined : Math.min(...oldest),
      }
    },
    async close() {
      closing = true
      await queue
      if (opened === undefined) return
      const { instance, writer } = opened
      opened = undefined
      // Closing a connection whose query runs leaves its promise unsettled: interrupt first.
      for (const connection of queries) connection.interrupt()
      await writer.run('CHECKPOINT').catch(onFault)
      writer.closeSync()
      instance.closeSync()
    },
  }
}

/** What the small tables hold, so that a batch adds to them only what is new. */
interface Known {
  readonly journals: Map<string, { number: number; seq: Seq }>
  readonly places: Set<number>
  readonly words: Map<string, number>
}

async function readKnown(writer: DuckDBConnection): Promise<Known> {
  const read = async (sql: string) => (await writer.runAndReadAll(sql)).getRows()
  const journals = (await read('SELECT journal, number, seq::DOUBLE FROM applied')) as [string, number, number][]
  const places = (await read('SELECT id FROM place')) as [number][]
  const words = (await read('SELECT word, id FROM word')) as [string, number][]
  return {
    journals: new Map(journals.map(([journal, number, seq]) => [journal, { number, seq }])),
    places: new Set(places.map(([id]) => id)),
    words: new Map(words),
  }
}

function byKind(rows: readonly Row[]): Map<StoredKind, Row[]> {
  const kinds = new Map<StoredKind, Row[]>()
  for (const row of rows) {
    const { kind } = row.record
    const list = kinds.get(kind)
    if (list === undefined) kinds.set(kind, [row])
    else list.push(row)
  }
  return kinds
}
