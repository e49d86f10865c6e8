import { literal, toTag } from './influx-names.ts'
import type { PlaceFilter } from './store.ts'

export interface Removal {
  /** [from, before) in epoch ms; from the beginning if left out. */
  readonly from?: number
  readonly before: number
  readonly of?: PlaceFilter
}

/** Deletes points of a measurement. Rejects with RETENTION_UNSUPPORTED if the server cannot. */
export type Remove = (measurement: string, removal: Removal) => Promise<void>

/** InfluxQL conditions for a row's place. */
export const conditionsOf = (of: PlaceFilter) =>
  Object.entries(of).map(([dimension, name]) => `"${dimension}" = ${literal(name)}`)

/** The statement for version 1. */
export function deleteStatement(measurement: string, { from, before, of = {} }: Removal): string {
  const since = from === undefined ? [] : [`time >= ${from}ms`]
  const where = [...since, `time < ${before}ms`, ...conditionsOf(of)]
  return `DELETE FROM "${measurement}" WHERE ${where.join(' AND ')}`
}

/** The predicate for version 2, whose range includes its end: https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostDelete */
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
