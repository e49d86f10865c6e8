import { statSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import { LintelError, messageOf } from '../../core/errors.ts'
import { reportedKinds, type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import { appendRows } from './duckdb-append.ts'
import { compileCells } from './duckdb-cells.ts'
import { type ConnectionOptions, openConnections } from './duckdb-connections.ts'
import { databasePath } from './duckdb-database.ts'
import { forkJournal, refillRows, replaceFormer, stretchPositions, stretchSums } from './duckdb-journals.ts'
import { type Known, type KnownJournal, Numbering } from './duckdb-known.ts'
import { compileCount, expireRows } from './duckdb-retention.ts'
import { scanDuckDb } from './duckdb-scan.ts'
import type { RowBatch, Store, StoreStats } from './store.ts'

export type DuckDbStoreOptions = ConnectionOptions

/**
 * The time series in one DuckDB file. One connection writes, one batch at a time. The applied position moves in the
 * same transaction as the rows, so a batch repeated after a crash is skipped, and duplicates are found without an
 * index. After an error that invalidates the instance, it is reopened.
 */
export async function openDuckDbStore(options: DuckDbStoreOptions): Promise<Store> {
  const connections = await openConnections(options)

  return {
    write: batch => connections.write((writer, known) => writeBatch(writer, known, batch)),
    async applied(journal) {
      return connections.known().journals.get(journal)?.seq ?? 0
    },
    async epochs(journal) {
      const noted = connections.known().journals.get(journal)?.epochs ?? []
      return [...noted].map(([epoch, seq]) => ({ epoch, seq }))
    },
    fork: (journal, seq) => connections.write((writer, known) => forkJournal(writer, known, journal, seq)),
    sums: (journal, stretches, to) => stretchSums(connections, journal, stretches, to),
    positions: (journal, stretch) => stretchPositions(connections, journal, stretch),
    refill: (journal, rows) => connections.write((writer, known) => refillRows(writer, known, journal, rows)),
    async cells(cellQuery) {
      const { sql, parameters, toCell } = compileCells(cellQuery)
      return (await connections.query(sql, parameters)).map(toCell)
    },
    async eachCell(cellQuery, take) {
      const { sql, parameters, toCell } = compileCells(cellQuery)
      await connections.eachRow(sql, parameters, row => take(toCell(row)))
    },
    scan: query => scanDuckDb(connections, query),
    async countByDevice(journal, seq) {
      const number = connections.known().journals.get(journal)?.number ?? 0
      const counts = reportedKinds.map(
        kind =>
          `SELECT place, count(*) AS n FROM ${kind} WHERE journal = ${number} AND seq <= ${seq} GROUP BY place`,
      )
      counts.push(`SELECT place, n FROM expired WHERE journal = ${number}`)
      const sql = `SELECT device, sum(n)::DOUBLE FROM (${counts.join(' UNION ALL ')}) JOIN place ON id = place GROUP BY device`
      return new Map((await connections.query(sql)) as [string, number][])
    },
    expire: expiry => connections.write(writer => expireRows(writer, expiry)),
    async countBefore(expiry) {
      const { sql, parameters } = compileCount(expiry)
      const [row] = await connections.query(sql, parameters)
      return row![0] as number
    },
    async oldest(kind) {
      const [row] = await connections.query(`SELECT min(at_ms)::DOUBLE FROM ${kind}`)
      return (row![0] as number | null) ?? undefined
    },
    async stats(): Promise<StoreStats> {
      const parts = storedKinds.map(
        kind => `SELECT '${kind}', count(*)::DOUBLE, min(at_ms)::DOUBLE FROM ${kind}`,
      )
      const rows = (await connections.query(parts.join(' UNION ALL '))) as [
        StoredKind,
        number,
        number | null,
      ][]
      const oldest = rows.flatMap(([, , at]) => (at === null ? [] : [at]))
      return {
        rows: Object.fromEntries(rows.map(([kind, n]) => [kind, n])) as StoreStats['rows'],
        bytes: statSync(databasePath(options.directory)).size,
        oldestAt: oldest.length === 0 ? undefined : Math.min(...oldest),
      }
    },
    close: () => connections.close(),
  }
}

async function writeBatch(
  writer: DuckDBConnection,
  known: Known,
  { journal, rows, next, epochs = [] }: RowBatch,
): Promise<void> {
  const { number, seq, epochs: noted } = known.journals.get(journal) ?? newJournal(known)
  if (next <= seq) return
  const fresh = rows[0] !== undefined && rows[0].seq > seq ? rows : rows.filter(row => row.seq > seq)
  const numbering = new Numbering(known)
  const reached = new Map(noted)
  try {
    await writer.run('BEGIN')
    await appendRows(writer, fresh, number, numbering)
    await replaceFormer(writer, known, number, fresh)
    for (const { epoch, seq: last } of epochs) {
      if (epoch === undefined) continue
      await writer.run(
        reached.has(epoch)
          ? 'UPDATE epoch SET seq = $1 WHERE epoch = $2 AND journal = $3'
          : 'INSERT INTO epoch (seq, epoch, journal) VALUES ($1, $2, $3)',
        [BigInt(last), epoch, number],
      )
      reached.set(epoch, last)
    }
    const isNew = !known.journals.has(journal)
    await writer.run(
      isNew
        ? 'INSERT INTO applied (seq, journal, number) VALUES ($1, $2, $3)'
        : 'UPDATE applied SET seq = $1 WHERE journal = $2',
      isNew ? [BigInt(next), journal, number] : [BigInt(next), journal],
    )
    await writer.run('COMMIT')
  } catch (error) {
    // Without a rollback, a later COMMIT "succeeds" and writes nothing.
    await writer.run('ROLLBACK').catch(() => {})
    throw new LintelError('STORE_WRITE_FAILED', `a batch was not stored: ${messageOf(error)}`, {
      cause: error,
    })
  }
  known.journals.set(journal, { number, seq: next, epochs: reached })
  numbering.keep()
}

const newJournal = (known: Known): KnownJournal => ({
  number: known.journals.size + 1,
  seq: 0,
  epochs: new Map(),
})
