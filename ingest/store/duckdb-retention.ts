import type { DuckDBConnection } from '@duckdb/node-api'
import { dayMs } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { reportedKinds } from '../../devices/contract/kinds.ts'
import { isFatal } from './duckdb-database.ts'
import { type Expiry, type PlaceFilter, placeDimensions } from './store.ts'

/** Finding, counting by place and deleting this many takes 20 ms, 46 at most, among thirty million: 3.6 million rows a second. */
const sliceRows = 100_000

/**
 * Deletes a slice of rows, and counts them by journal and place in the same transaction. The file does not shrink:
 * after a checkpoint, free space is reused for new rows.
 */
export async function expireRows(
  writer: DuckDBConnection,
  { kind, before, of = {}, limit = sliceRows }: Expiry,
): Promise<number> {
  const { places, parameters } = placesOf(of)
  const read = async (sql: string) => (await writer.runAndReadAll(sql, parameters)).getRows()
  try {
    const [[first]] = (await read(
      `SELECT min(at_ms)::DOUBLE FROM ${kind} WHERE at_ms < ${Math.ceil(before)}${places}`,
    )) as [[number | null]]
    if (first === null) return 0
    // One day at most: finding the oldest of all rows takes seconds with hundreds of millions.
    const until = Math.ceil(Math.min(before, first + dayMs))
    const [[found, last]] = (await read(
      `SELECT count(*)::DOUBLE, max(at_ms)::DOUBLE FROM (SELECT at_ms FROM ${kind} WHERE at_ms < ${until}${places} ORDER BY at_ms LIMIT ${limit})`,
    )) as [[number, number]]
    const doomed = `FROM ${kind} WHERE at_ms <= ${last}${places}`
    await writer.run('BEGIN')
    if ((reportedKinds as readonly string[]).includes(kind)) {
      const counts = `(SELECT journal, place, count(*) AS n ${doomed} GROUP BY ALL)`
      await writer.run(
        `UPDATE expired e SET n = e.n + c.n FROM ${counts} c WHERE e.journal = c.journal AND e.place = c.place`,
        parameters,
      )
      await writer.run(
        `INSERT INTO expired SELECT c.journal, c.place, c.n FROM ${counts} c ANTI JOIN expired e ON e.journal = c.journal AND e.place = c.place`,
        parameters,
      )
    }
    const { rowsChanged } = await writer.run(`DELETE ${doomed}`, parameters)
    await writer.run('COMMIT')
    if (found < limit && until >= before) await freeSpace(writer)
    return rowsChanged
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => {})
    throw new LintelError('STORE_WRITE_FAILED', `rows could not be deleted: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** SQL that counts the rows to delete. */
export function compileCount({ kind, before, of = {} }: Expiry): { sql: string; parameters: string[] } {
  const { places, parameters } = placesOf(of)
  return {
    sql: `SELECT count(*)::DOUBLE FROM ${kind} WHERE at_ms < ${Math.ceil(before)}${places}`,
    parameters,
  }
}

function placesOf(of: PlaceFilter): { places: string; parameters: string[] } {
  const parameters: string[] = []
  const ofPlace = placeDimensions.flatMap(dimension => {
    const name = of[dimension]
    return name === undefined ? [] : [`${dimension} = $${parameters.push(name)}`]
  })
  const places =
    ofPlace.length === 0 ? '' : ` AND place IN (SELECT id FROM place WHERE ${ofPlace.join(' AND ')})`
  return { places, parameters }
}

/** If something else is running, the next automatic checkpoint does this. */
async function freeSpace(writer: DuckDBConnection): Promise<void> {
  await writer.run('CHECKPOINT').catch(error => {
    if (isFatal(error)) throw error
  })
}
