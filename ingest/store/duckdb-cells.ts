import { fieldsOf } from '../../devices/contract/kinds.ts'
import { columnName } from './duckdb-tables.ts'
import { type Cell, type CellQuery, type Dimension, placeDimensions } from './store.ts'

export interface CellSql {
  readonly sql: string
  readonly parameters: string[]
  /** Turns one result row into a cell. */
  toCell(row: readonly unknown[]): Cell
}

const isPlaceDimension = (dimension: Dimension) => (placeDimensions as readonly string[]).includes(dimension)
/** Stands for an absent number; no real one is infinite. */
const absent = "'-infinity'::DOUBLE"
/** The year 1200 BC: division truncates towards zero, so all values have to be on one side of it. */
const epochMs = -1e14

/**
 * Bucketing is integer arithmetic on local milliseconds: 0.28 s for 50 million rows, against 14 s with DuckDB's own
 * time zone functions. Names are passed only as parameters.
 */
export function compileCells({ kind, sum, segments, stepMs, foldMs, by, where, limit }: CellQuery): CellSql {
  // biome-ignore format: one line
  const enums = new Map(
    fieldsOf(kind).flatMap(field => (field.type === 'enum' ? [[field.name, field.values]] : [])),
  )
  const column = (dimension: Dimension) =>
    isPlaceDimension(dimension) ? `p."${dimension}"` : `f."${columnName(dimension)}"`
  const parameters: string[] = []

  /** SQL for one wanted value; undefined if no row can have it. */
  function literal(dimension: Dimension, value: string): string | undefined {
    const words = enums.get(dimension)
    if (words !== undefined) {
      const code = value === '' ? 0 : words.indexOf(value) + 1
      return code > 0 || value === '' ? String(code) : undefined
    }
    if (isPlaceDimension(dimension)) return `$${parameters.push(value)}`
    if (value === '') return absent
    return Number.isFinite(Number(value)) && String(Number(value)) === value ? value : undefined
  }

  function condition(dimension: Dimension, values: readonly string[]): string {
    const wanted = values.flatMap(value => literal(dimension, value) ?? [])
    if (wanted.length === 0) return 'false'
    const isNumber = !isPlaceDimension(dimension) && !enums.has(dimension)
    const key = isNumber ? `coalesce(${column(dimension)}, ${absent})` : column(dimension)
    return `${key} IN (${wanted.join(', ')})`
  }

  const conditions = [
    `f.at_ms >= ${segments[0]?.from ?? 0}`,
    `f.at_ms < ${segments.at(-1)?.to ?? 0}`,
    ...receivedBefore(segments),
    ...(Object.entries(where) as [Dimension, readonly string[]][]).map(entry => condition(...entry)),
  ]
  const usesPlace = [...by, ...(Object.keys(where) as Dimension[])].some(isPlaceDimension)
  const segment = caseOf(
    segments.map((_, index) => index),
    segments,
  )
  const offset = caseOf(
    segments.map(({ offsetMs }) => offsetMs),
    segments,
  )
  const period = foldMs ?? stepMs ?? 1
  const firstMs = Math.floor(epochMs / period) * period
  const sinceFirst = `(f.at_ms + ${offset} - (${firstMs}))`
  const bucket =
    stepMs === undefined
      ? '0'
      : `${foldMs === undefined ? sinceFirst : `${sinceFirst} % ${foldMs}`} // ${stepMs}`
  const [count, rows] =
    sum === undefined
      ? ['count(*)', 'count(*)']
      : [`sum(f."${columnName(sum)}")`, `count(f."${columnName(sum)}")`]
  const sql = `
    SELECT ${segment}::INTEGER AS segment, ${bucket} AS bucket,
      ${by.map(dimension => `${column(dimension)}, `).join('')} ${count}::DOUBLE AS n, ${rows}::DOUBLE AS n_rows
    FROM ${kind} f ${usesPlace ? 'JOIN place p ON p.id = f.place' : ''}
    WHERE ${conditions.join(' AND ')}
    GROUP BY ALL HAVING n_rows > 0${limit === undefined ? '' : ` LIMIT ${limit}`}`
  return {
    sql,
    parameters,
    toCell: row => ({
      segment: row[0] as number,
      localStart: stepMs === undefined ? 0 : Number(row[1]) * stepMs + (foldMs === undefined ? firstMs : 0),
      values: by.map((dimension, index) => {
        const value = row[2 + index]
        const words = enums.get(dimension)
        if (words !== undefined) return words[(value as number) - 1] ?? ''
        return value === null ? '' : String(value)
      }),
      count: row[2 + by.length] as number,
      rows: row[3 + by.length] as number,
    }),
  }
}

function receivedBefore(segments: CellQuery['segments']): string[] {
  if (segments.every(segment => segment.receivedBefore === undefined)) return []
  const limits = segments.map(segment => segment.receivedBefore ?? Number.MAX_SAFE_INTEGER)
  return [`f.received_ms < ${caseOf(limits, segments)}`]
}

/** SQL for the value of the segment that contains `at_ms`: a tree, because there may be a thousand segments. */
function caseOf(values: readonly number[], segments: CellQuery['segments']): string {
  if (new Set(values).size <= 1) return String(values[0] ?? 0)
  const middle = values.length >> 1
  const before = caseOf(values.slice(0, middle), segments.slice(0, middle))
  const after = caseOf(values.slice(middle), segments.slice(middle))
  return `CASE WHEN f.at_ms < ${segments[middle]!.from} THEN ${before} ELSE ${after} END`
}
