import type { DuckDBConnection } from '@duckdb/node-api'
import { dayMs } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { backfillDays, type Seq } from '../../core/words.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { firstOf, type Stretch, type StretchSums, stretchRecords } from '../../gateway/journal/stretch.ts'
import { appendRows } from './duckdb-append.ts'
import type { Connections } from './duckdb-connections.ts'
import { type Known, Numbering } from './duckdb-known.ts'
import { columnsOf } from './duckdb-tables.ts'
import type { Row } from './store.ts'

/** Journal numbers are UTINYINT. */
const maxJournals = 255

async function transact(writer: DuckDBConnection, change: () => Promise<void>): Promise<void> {
  try {
    await writer.run('BEGIN')
    await change()
    await writer.run('COMMIT')
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => {})
    throw new LintelError('STORE_WRITE_FAILED', `the store could not be changed: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** Gives rows after `seq` to a journal of their own, to tell them from rows that will have the same positions. */
export async function forkJournal(
  writer: DuckDBConnection,
  known: Known,
  journal: string,
  seq: Seq,
): Promise<void> {
  const own = known.journals.get(journal)
  if (own === undefined || own.seq <= seq) return
  const number = known.journals.size + 1
  if (number > maxJournals)
    throw new LintelError(
      'STORE_WRITE_FAILED',
      `the store has rows of ${maxJournals} journals, and takes no more`,
    )
  const name = `${journal}/${number}`
  await transact(writer, async () => {
    for (const kind of storedKinds)
      await writer.run(
        `UPDATE ${kind} SET journal = ${number} WHERE journal = ${own.number} AND seq > ${seq}`,
      )
    await writer.run('INSERT INTO applied (seq, journal, number) VALUES ($1, $2, $3)', [
      BigInt(own.seq),
      name,
      number,
    ])
    await writer.run('UPDATE applied SET seq = $1 WHERE number = $2', [BigInt(seq), own.number])
    await writer.run(`UPDATE epoch SET seq = least(seq, ${seq}) WHERE journal = ${own.number}`)
  })
  known.journals.set(name, { number, seq: own.seq, epochs: new Map() })
  const epochs = new Map([...own.epochs].map(([epoch, last]) => [epoch, Math.min(last, seq)]))
  known.journals.set(journal, { number: own.number, seq, epochs })
}

/** Takes seconds for a year of a town, a few milliseconds for the hour that the journal holds. */
export async function stretchSums(
  connections: Connections,
  journal: string,
  stretches: readonly Stretch[],
  to: Seq,
): Promise<StretchSums[]> {
  const number = connections.known().journals.get(journal)?.number
  const found = stretches.map((): StretchSums => ({ rows: 0, seqs: 0, received: 0 }))
  if (number === undefined || stretches.length === 0) return found
  const until = Math.min(to, stretches.at(-1)!.last)
  const parts = storedKinds.map(
    kind =>
      `SELECT (seq - 1) // ${stretchRecords} AS stretch, seq, received_ms FROM ${kind} WHERE journal = ${number} AND seq >= ${stretches[0]!.first} AND seq <= ${until}`,
  )
  const sql = `SELECT stretch::DOUBLE, count(*)::DOUBLE, sum(seq)::DOUBLE, sum(received_ms)::DOUBLE FROM (${parts.join(' UNION ALL ')}) GROUP BY stretch`
  const rows = (await connections.query(sql)) as [number, number, number, number][]
  // Rows and stretches are both in order.
  let index = 0
  for (const [stretch, n, seqs, received] of rows.toSorted(([a], [b]) => a - b)) {
    while (index < stretches.length - 1 && stretches[index]!.last < firstOf(stretch)) index++
    const sums = found[index]!
    sums.rows += n
    sums.seqs += seqs
    sums.received += received
  }
  return found
}

export async function stretchPositions(
  connections: Connections,
  journal: string,
  { first, last }: Stretch,
): Promise<Set<Seq>> {
  const number = connections.known().journals.get(journal)?.number ?? 0
  const parts = storedKinds.map(
    kind => `SELECT seq::DOUBLE FROM ${kind} WHERE journal = ${number} AND seq BETWEEN ${first} AND ${last}`,
  )
  const rows = (await connections.query(parts.join(' UNION ALL '))) as [number][]
  return new Set(rows.map(([seq]) => seq))
}

export async function refillRows(
  writer: DuckDBConnection,
  known: Known,
  journal: string,
  rows: readonly Row[],
): Promise<void> {
  const number = known.journals.get(journal)?.number
  if (number === undefined) return
  const numbering = new Numbering(known)
  await transact(writer, () => appendRows(writer, rows, number, numbering))
  numbering.keep()
}

/** When the last row from a former journal was received, epoch ms. */
async function lastOfFormer(writer: DuckDBConnection, known: Known, number: number): Promise<number> {
  const journals = known.journals.size
  if (known.former?.journals !== journals) {
    const parts = storedKinds.map(
      kind => `SELECT max(received_ms) AS received FROM ${kind} WHERE journal <> ${number}`,
    )
    const sql = `SELECT max(received)::DOUBLE FROM (${parts.join(' UNION ALL ')})`
    const [[at]] = (await writer.runAndReadAll(sql)).getRows() as [[number | null]]
    known.former = { journals, receivedUntil: at ?? Number.NEGATIVE_INFINITY }
  }
  return known.former.receivedUntil
}

/**
 * A journal that was lost, or replaced by an older copy, no longer knows the ids it had: if a device sends a record
 * again, it is stored again. So a new row replaces a row of a former journal that equals it in everything reported,
 * within the days in which a device may repeat itself. Call inside the transaction that wrote the new rows.
 */
export async function replaceFormer(
  writer: DuckDBConnection,
  known: Known,
  number: number,
  rows: readonly Row[],
): Promise<void> {
  if (known.journals.size < 2 || rows.length === 0) return
  const receivedAt = rows[0]!.record.receivedAt
  if (receivedAt - (await lastOfFormer(writer, known, number)) > backfillDays * dayMs) return
  const [first, last] = [rows[0]!.seq, rows.at(-1)!.seq]
  for (const kind of new Set(rows.map(({ record }) => record.kind))) {
    const reported = columnsOf(kind).filter(
      ({ name, field }) => field !== undefined || name === 'place' || name === 'at_ms',
    )
    const names = reported.map(({ name }) => `"${name}"`)
    const nth = `row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY seq) AS nth`
    const fresh = `SELECT ${names.join(', ')}, ${nth} FROM ${kind} WHERE journal = ${number} AND seq BETWEEN ${first} AND ${last}`
    const former = `SELECT rowid AS former, ${names.join(', ')}, ${nth} FROM ${kind} WHERE journal <> ${number} AND at_ms BETWEEN (SELECT min(at_ms) FROM fresh) AND (SELECT max(at_ms) FROM fresh)`
    const equal = [...names, 'nth']
      .map(name => `fresh.${name} IS NOT DISTINCT FROM old.${name}`)
      .join(' AND ')
    await writer.run(
      `DELETE FROM ${kind} WHERE rowid IN (WITH fresh AS (${fresh}) SELECT former FROM (${former}) old JOIN fresh ON ${equal})`,
    )
  }
}
