import { fromTag, literal } from './influx-names.ts'
import type { Series } from './influx-query.ts'
import type { CellSource } from './influx-summaries.ts'
import type { Cell, CellQuery, Dimension } from './store.ts'

/** Range of InfluxDB's 64 bits of nanoseconds: 1677 to 2262. */
const firstMs = -9_223_372_036_854
const lastMs = 9_223_372_036_854

export interface CellStatement {
  readonly text: string
  readonly toCells: (series: Series) => Cell[]
}

/** One statement per segment, because each has its own offset; none if no row can match. Reads the rows, or another source if given. */
export function cellStatements(
  { kind, sum, segments, stepMs, foldMs, by, where }: CellQuery,
  source?: CellSource,
): CellStatement[] {
  const wanted = Object.entries(where) as [Dimension, readonly string[]][]
  if (wanted.some(([, values]) => values.length === 0)) return []
  const filters = wanted.map(
    ([dimension, values]) =>
      ` AND (${values.map(value => `"${dimension}" = ${literal(value)}`).join(' OR ')})`,
  )
  const ofRows = sum === undefined ? 'count("n")' : `sum("${sum}"), count("${sum}")`
  const { measurement, counted } = source ?? { measurement: kind, counted: ofRows }
  return segments.flatMap(({ from, to, offsetMs, receivedBefore }, segment) => {
    const first = Math.max(from, firstMs)
    const last = Math.min(to, lastMs)
    if (first >= last) return []
    const tags = by.map(dimension => `"${dimension}"`)
    // A step begins where local time is a multiple of it, so in UTC at multiples minus the offset.
    const time = stepMs === undefined ? [] : [`time(${stepMs}ms, ${modulo(-offsetMs, stepMs)}ms)`]
    const groups = [...time, ...tags]
    const grouped = groups.length === 0 ? '' : ` GROUP BY ${groups.join(', ')}`
    const received = receivedBefore === undefined ? '' : ` AND "receivedMs" < ${receivedBefore}`
    const text = `SELECT ${counted} FROM "${measurement}" WHERE time >= ${first}ms AND time < ${last}ms${received}${filters.join('')}${grouped}${stepMs === undefined ? '' : ' fill(none)'}`
    const toCells = ({ tags: told, values }: Series): Cell[] => {
      const words = by.map(dimension => fromTag(told?.[dimension] ?? ''))
      return values.flatMap(([start, count, rows = count]) => {
        if (typeof count !== 'number' || typeof rows !== 'number' || rows === 0) return []
        const local = stepMs === undefined ? 0 : (start as number) + offsetMs
        const localStart = foldMs === undefined ? local : modulo(local, foldMs)
        return [{ segment, localStart, values: words, count, rows }]
      })
    }
    return [{ text, toCells }]
  })
}

const modulo = (ms: number, period: number) => ((ms % period) + period) % period

/** Merges cells that arrive in parts: those of a fold, because InfluxQL has no remainder, and those of a query that was split. */
export function createGathering({ foldMs, limit = Number.POSITIVE_INFINITY }: CellQuery, isSplit = false) {
  const isOnce = foldMs === undefined && !isSplit
  const cells: Cell[] = []
  const indices = new Map<string, number>()
  return {
    cells,
    /** True if there is room for more. */
    add(cell: Cell): boolean {
      const key = isOnce ? '' : JSON.stringify([cell.segment, cell.localStart, cell.values])
      const index = isOnce ? undefined : indices.get(key)
      if (index !== undefined) {
        const known = cells[index]!
        cells[index] = { ...known, count: known.count + cell.count, rows: known.rows + cell.rows }
      } else if (cells.length < limit) {
        if (!isOnce) indices.set(key, cells.length)
        cells.push(cell)
      }
      // Parts of a cell may still arrive.
      return !isOnce || cells.length < limit
    },
  }
}
