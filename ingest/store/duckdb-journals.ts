import type { DuckDBConnection } from '@duckdb/node-api'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { Seq } from '../../core/words.ts'
import { storedKinds } from '../../devices/contract/kinds.ts'
import { firstOf, type Stretch, type StretchSums, stretchRecords } from '../../gateway/journal/stretch.ts'
import { appendRows } from './duckdb-append.ts'
import type { Connections } from './duckdb-connections.ts'
import { type Known, Numbering } from './duckdb-known.ts'
import type { Row } from './store.ts'

/** Numbers of journals are UTINYINT. */
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

/** Gives the rows behind `seq` to a journal of their own: they are told from those that will have the same positions. */
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

/** Seconds for a year of a town; a few milliseconds for the hour that the journal holds. */
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
  // In order, as the stretches are.
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
