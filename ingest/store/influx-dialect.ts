import type { InfluxSettings, InfluxVersion } from './influx-settings.ts'

/** The differences between versions of InfluxDB: paths, and little besides. Line protocol, InfluxQL and its answers are the same. */
export interface Dialect {
  /** Path and query of a write in nanoseconds; appended to the path of the server's URL. */
  readonly write: string
  /** Path and query of a question, without `q`; its answer is JSON, one document per line, times in ms. */
  readonly query: string
  /** Like `query`, but times are text with nanoseconds. */
  readonly queryTimes: string
  /** Version 1 creates databases only by POST, which also takes long statements; the documentation of 2 and 3 describes GET. */
  readonly asks: 'POST' | 'GET'
  /** How a missing database is created: version 1 by a statement, 2 through its API, 3 with the first write. */
  readonly missing: 'statement' | 'bucket' | 'empty'
  /** How points are deleted: by a statement, by a predicate posted to this path, or not at all. */
  readonly removes: 'statement' | { readonly path: string } | 'never'
  /** True if the last document of an answer says that it is the last. */
  readonly tellsEnd: boolean
}

export function dialectOf({
  version,
  database,
  org,
}: Pick<InfluxSettings, 'database' | 'org'> & { version: InfluxVersion }): Dialect {
  const path = (base: string, parameters: Record<string, string>) =>
    `${base}?${new URLSearchParams(parameters)}`
  const query = path('/query', { ...queried(version, database), epoch: 'ms', chunked: 'true' })
  const queryTimes = path('/query', { ...queried(version, database), chunked: 'true' })
  switch (version) {
    case 1:
      return {
        write: path('/write', { db: database, precision: 'ns' }),
        query,
        queryTimes,
        asks: 'POST',
        missing: 'statement',
        removes: 'statement',
        tellsEnd: true,
      }
    case 2: {
      const write = path('/api/v2/write', { org: org!, bucket: database, precision: 'ns' })
      const removes = { path: path('/api/v2/delete', { org: org!, bucket: database }) }
      return { write, query, queryTimes, asks: 'GET', missing: 'bucket', removes, tellsEnd: true }
    }
    case 3: {
      // All lines or none, and answered once the server's log is on disk.
      const parameters = {
        db: database,
        precision: 'nanosecond',
        accept_partial: 'false',
        no_sync: 'false',
      }
      return {
        write: path('/api/v3/write_lp', parameters),
        query,
        queryTimes,
        asks: 'GET',
        missing: 'empty',
        removes: 'never',
        tellsEnd: false,
      }
    }
  }
}

/**
 * A bucket of version 2 is queried as a database of that name, or by both of its parts:
 * https://docs.influxdata.com/influxdb/v2/query-data/influxql/dbrp/
 */
function queried(version: InfluxVersion, database: string): Record<string, string> {
  const slash = database.indexOf('/')
  if (version !== 2 || slash < 0) return { db: database }
  return { db: database.slice(0, slash), rp: database.slice(slash + 1) }
}
