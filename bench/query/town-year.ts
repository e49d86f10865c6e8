import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { dayMs, hourMs } from '../../core/clock.ts'
import { schemaSql } from '../../ingest/store/duckdb-tables.ts'

const points = 2400
const yearStart = Date.UTC(2025, 0, 1)
/** Out of the way of what a service adds. */
const journal = 255
const firstPlace = 1_000_000

/** The store's directory of a town's year of passages: 12 sites of 10 buildings, 20 doors each. Generated once, in minutes. */
export async function townYear(rows: number): Promise<string> {
  const directory = join(import.meta.dirname, '..', '..', '.cache', `year-${rows}`)
  if (!existsSync(directory)) await generate(directory, rows)
  return directory
}

/** Two rush hours a day, a quiet night, 1 % late rows: in the order in which they would have come. */
async function generate(directory: string, rows: number): Promise<void> {
  const draft = `${directory}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  const instance = await DuckDBInstance.create(join(draft, 'lintel.duckdb'), {
    memory_limit: '2GiB',
    threads: '2',
  })
  const connection = await instance.connect()
  for (const statement of schemaSql) await connection.run(statement)
  await connection.run(
    `INSERT INTO place SELECT ${firstPlace} + i, 'd' || i, 's' || lpad((i // 200)::VARCHAR, 2, '0'), 'b' || lpad(((i // 20) % 10)::VARCHAR, 2, '0'), 'p' || i, 'Asia/Shanghai' FROM range(${points}) t(i)`,
  )
  await connection.run(`INSERT INTO applied VALUES ('town', ${journal}, ${rows})`)
  const parts = 50
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((rows * part) / parts)
    const to = Math.floor((rows * (part + 1)) / parts)
    const msPerRow = (365 * dayMs) / rows
    await connection.run(`INSERT INTO passage
      SELECT ${journal}, i, at_ms, at_ms + 40 + late, ${firstPlace} + place, CASE WHEN late > 0 THEN 1 ELSE 0 END, direction,
        CASE WHEN hash(i + 1) % 50 = 0 THEN 2 ELSE 1 END, 1 + hash(i + 2) % 8, 1 + hash(i + 3) % 5, 0
      FROM (
        SELECT i, hash(i) % ${points} AS place, 1 + hash(i + 4) % 2 AS direction,
          CASE WHEN hash(i + 5) % 100 = 0 THEN ${hourMs} ELSE 0 END AS late,
          day + ((CASE WHEN hash(i + 6) % 4 = 0 THEN u ELSE (0.5 + 0.5 * sin((u - 0.25) * 6.283)) * 0.5 + u * 0.5 END) * ${dayMs})::BIGINT - late AS at_ms
        FROM (SELECT i, ${yearStart} + ((i * ${msPerRow}) // ${dayMs})::BIGINT * ${dayMs} AS day, ((i * ${msPerRow}) % ${dayMs}) / ${dayMs} AS u FROM range(${from}, ${to}) t(i))
      )`)
  }
  await connection.run('CHECKPOINT')
  connection.closeSync()
  instance.closeSync()
  renameSync(draft, directory)
}
