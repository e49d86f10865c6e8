import { literal, toTag } from './influx-names.ts'
import type { PlaceFilter } from './store.ts'

export interface Removal {
  /** [from, before) in epoch ms; from the beginning where it is left out. */
  readonly from?: number
  readonly before: number
  readonly of?: PlaceFilter
}

/** Deletes points of a measurement. Rejects with RETENTION_UNSUPPORTED where there is no way to say that. */
export type Remove = (measurement: string, removal: Removal) => Promise<void>

/** What a row's place has to be, in InfluxQL. */
export const conditionsOf = (of: PlaceFilter) =>
  Object.entries(of).map(([dimension, name]) => `"${dimension}" = ${literal(name)}`)

/** Version 1's words for it. */
export function deleteStatement(measurement: string, { from, before, of = {} }: Removal): string {
  const since = from === undefined ? [] : [`time >= ${from}ms`]
  const where = [...since, `time < ${before}ms`, ...conditionsOf(of)]
  return `DELETE FROM "${measurement}" WHERE ${where.join(' AND ')}`
}

/** Version 2's, in which the end is part of the range: https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostDelete */
export function deletePredicate(measurement: string, { from, before, of = {} }: Removal): string {
  const quoted = (text: string) => `"${toTag(text).replaceAll('"', '\\"')}"`
  const tags = Object.entries(of).map(([dimension, name]) => `"${dimension}"=${quoted(name)}`)
  return JSON.stringify({
    start: rfc3339(from ?? Date.UTC(1970, 0, 1), '000000'),
    stop: rfc3339(before - 1, '999999'),
    predicate: [`_measurement=${quoted(measurement)}`, ...tags].join(' AND '),
  })
}

const rfc3339 = (ms: number, below: string) => new Date(ms).toISOString().replace('Z', `${below}Z`)
