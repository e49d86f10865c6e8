import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { dayMs, hourMs, systemClock } from '../core/clock.ts'
import { openDuckDbStore } from '../ingest/store/duckdb-store.ts'
import { schemaSql } from '../ingest/store/duckdb-tables.ts'
import type { CellQuery, Store } from '../ingest/store/store.ts'
import { machine, round } from './machine.ts'

export const description = 'queries on a year of one town, generated once into a cache'

const points = 2400
const yearStart = Date.UTC(2025, 0, 1)
const zoneMs = 8 * hourMs
const runs = 15

/** `npm run bench -- year [--rows 50000000]`. */
export async function run({ rows = 50_000_000 }: { rows?: number }) {
  const directory = join(import.meta.dirname, '..', '.cache', `year-${rows}`)
  if (!existsSync(directory)) await generate(directory, rows)
  const store = await openDuckDbStore({
    directory,
    memoryBytes: 512 * 1024 * 1024,
    threads: 2,
    clock: systemClock,
  })
  try {
    const cases = []
    for (const [name, query] of Object.entries(questions()))
      cases.push({ name, ...(await measure(store, query)) })
    const bytes = statSync(join(directory, 'lintel.duckdb')).size
    return {
      rows,
      megabytes: round(bytes / 1e6),
      bytesPerRow: round(bytes / rows, 1),
      cases,
      machine: machine(),
    }
  } finally {
    await store.close()
  }
}

function questions(): Record<string, CellQuery> {
  const month = (n: number) => Date.UTC(2025, n, 1) - zoneMs
  const span = (from: number, to: number) => [{ from, to, offsetMs: zoneMs }]
  const where = { result: ['granted'] }
  return {
    'one building by hour, a month': {
      kind: 'passage', stepMs: hourMs, by: [], segments: span(month(5), month(6)), where: { ...where, site: ['s03'], building: ['b05'] },
    },
    'town by day, a year': { kind: 'passage', stepMs: dayMs, by: [], segments: span(month(0), month(12)), where },
    'a site by hour, three months': { kind: 'passage', stepMs: hourMs, by: [], segments: span(month(3), month(6)), where: { ...where, site: ['s03'] } },
    'town by hour, building and direction, a month': {
      kind: 'passage', stepMs: hourMs, by: ['building', 'direction'], segments: span(month(5), month(6)), where,
    },
  } // biome-ignore format: a question each
}

async function measure(store: Store, query: CellQuery) {
  const times: number[] = []
  for (let i = 0; i <= runs; i++) {
    const started = performance.now()
    const cells = await store.cells(query)
    if (cells.length === 0) throw new Error('an empty answer measures nothing')
    if (i > 0) times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  return { p50Ms: round(times[Math.floor(runs / 2)]!, 1), p95Ms: round(times[Math.floor(runs * 0.95)]!, 1) }
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
    `INSERT INTO place SELECT i, 'd' || i, 's' || lpad((i // 200)::VARCHAR, 2, '0'), 'b' || lpad(((i // 20) % 10)::VARCHAR, 2, '0'), 'p' || i, 'Asia/Shanghai' FROM range(${points}) t(i)`,
  )
  const parts = 50
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((rows * part) / parts)
    const to = Math.floor((rows * (part + 1)) / parts)
    const msPerRow = (365 * dayMs) / rows
    await connection.run(`INSERT INTO passage
      SELECT 1, i, at_ms, at_ms + 40 + late, place, CASE WHEN late > 0 THEN 1 ELSE 0 END, direction,
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
