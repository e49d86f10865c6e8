import { fromTag, literal } from './influx-names.ts'
import type { Series } from './influx-query.ts'
import type { Cell, CellQuery, Dimension } from './store.ts'

/** What InfluxDB can hold in 64 bits of nanoseconds: 1677 to 2262. */
const firstMs = -9_223_372_036_854
const lastMs = 9_223_372_036_854

export interface CellStatement {
  readonly text: string
  readonly toCells: (series: Series) => Cell[]
}

/** A statement for each segment: each has an offset of its own. None where no row can be meant. */
export function cellStatements({ kind, sum, segments, stepMs, by, where }: CellQuery): CellStatement[] {
  const wanted = Object.entries(where) as [Dimension, readonly string[]][]
  if (wanted.some(([, values]) => values.length === 0)) return []
  const filters = wanted.map(
    ([dimension, values]) =>
      ` AND (${values.map(value => `"${dimension}" = ${literal(value)}`).join(' OR ')})`,
  )
  const counted = sum === undefined ? 'count("n")' : `sum("${sum}")`
  return segments.flatMap(({ from, to, offsetMs }, segment) => {
    const first = Math.max(from, firstMs)
    const last = Math.min(to, lastMs)
    if (first >= last) return []
    // A step begins where local time is a multiple of it, so in UTC at multiples less the offset.
    const shift = ((-offsetMs % stepMs) + stepMs) % stepMs
    const groups = [`time(${stepMs}ms, ${shift}ms)`, ...by.map(dimension => `"${dimension}"`)]
    const text = `SELECT ${counted} FROM "${kind}" WHERE time >= ${first}ms AND time < ${last}ms${filters.join('')} GROUP BY ${groups.join(', ')} fill(none)`
    const toCells = ({ tags, values }: Series): Cell[] => {
      const words = by.map(dimension => fromTag(tags?.[dimension] ?? ''))
      return values.flatMap(([start, count]) =>
        typeof count === 'number' && count > 0
          ? [{ segment, localStart: (start as number) + offsetMs, values: words, count }]
          : [],
      )
    }
    return [{ text, toCells }]
  })
}
