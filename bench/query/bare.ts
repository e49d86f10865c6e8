import { DuckDBInstance } from '@duckdb/node-api'
import { answerFlow } from '../../flow/query.ts'
import type { ZonedQuestion } from '../../flow/question.ts'
import { compileCells } from '../../ingest/store/duckdb-cells.ts'
import { databasePath } from '../../ingest/store/duckdb-database.ts'
import type { CellQuery, Store } from '../../ingest/store/store.ts'

/** A connection of DuckDB and nothing else, on the same database. */
export interface Bare {
  /** Runs the SQL that the question comes down to, and reads what it gives. */
  ask(question: ZonedQuestion): Promise<void>
  close(): void
}

export async function openBare(directory: string): Promise<Bare> {
  const limits = { access_mode: 'READ_ONLY', memory_limit: '512MiB', threads: '2' }
  const instance = await DuckDBInstance.create(databasePath(directory), limits)
  const connection = await instance.connect()
  return {
    async ask(question) {
      for (const query of await cellQueriesOf(question)) {
        const { sql, parameters } = compileCells(query)
        const rows = (await connection.runAndReadAll(sql, parameters)).getRows()
        if (rows.length === 0) throw new Error('an empty answer measures nothing')
      }
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** What an answer asks of a store, taken down by one that holds nothing. */
async function cellQueriesOf(question: ZonedQuestion): Promise<CellQuery[]> {
  const queries: CellQuery[] = []
  const store: Pick<Store, 'cells'> = {
    async cells(query) {
      queries.push(query)
      return []
    },
  }
  await answerFlow(question, store as Store)
  return queries
}
