import type { InfluxSettings, InfluxVersion } from './influx-settings.ts'

/** Where the versions of InfluxDB differ: in paths, and in little besides. Line protocol, InfluxQL and its answers are the same. */
export interface Dialect {
  /** Path and query of a write in nanoseconds; behind the path of the server's URL. */
  readonly write: string
  /** Path and query of a question, all but `q`; its answer is JSON, a document a line, times in ms. */
  readonly query: string
  /** The same, with times as text to the nanosecond. */
  readonly queryTimes: string
  /** Version 1 makes databases by POST alone, and takes long statements so; the documentation of 2 and 3 knows GET. */
  readonly asks: 'POST' | 'GET'
  /** What a database that is not there calls for: version 1 makes it by a statement, 2 through its API, 3 with the first write. */
  readonly missing: 'statement' | 'bucket' | 'empty'
  /** How points are deleted: by a statement, by a predicate posted to this path, or not at all. */
  readonly removes: 'statement' | { readonly path: string } | 'never'
  /** Whether the last document of an answer says that it is the last. */
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
      // Whole or not at all, and answered once its log is on disk.
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

/** A bucket of version 2 is a database by its name, or by both of its parts: https://docs.influxdata.com/influxdb/v2/query-data/influxql/dbrp/ */
function queried(version: InfluxVersion, database: string): Record<string, string> {
  const slash = database.indexOf('/')
  if (version !== 2 || slash < 0) return { db: database }
  return { db: database.slice(0, slash), rp: database.slice(slash + 1) }
}
