import type { InfluxSettings } from './influx-settings.ts'

/** Where the versions of InfluxDB differ: in paths, and in little besides. Line protocol, InfluxQL and its answers are the same. */
export interface Dialect {
  /** Path and query of a write in nanoseconds; behind the path of the server's URL. */
  readonly write: string
  /** Path and query of a question, all but `q`; its answer is JSON, a document a line, times in ms. */
  readonly query: string
  /** Version 1 makes databases by POST alone, and takes long statements so; the documentation of 2 and 3 knows GET. */
  readonly asks: 'POST' | 'GET'
  /** What a database that is not there calls for: version 1 has it made, 3 makes it with the first write, 2 has it made by people. */
  readonly missing: 'make' | 'fail' | 'empty'
  /** Whether the last document of an answer says that it is the last. */
  readonly tellsEnd: boolean
}

export function dialectOf({ version, database, org }: InfluxSettings): Dialect {
  const path = (base: string, parameters: Record<string, string>) =>
    `${base}?${new URLSearchParams(parameters)}`
  const query = path('/query', { ...queried(version, database), epoch: 'ms', chunked: 'true' })
  switch (version) {
    case 1:
      return {
        write: path('/write', { db: database, precision: 'ns' }),
        query,
        asks: 'POST',
        missing: 'make',
        tellsEnd: true,
      }
    case 2: {
      const write = path('/api/v2/write', { org: org!, bucket: database, precision: 'ns' })
      return { write, query, asks: 'GET', missing: 'fail', tellsEnd: true }
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
        asks: 'GET',
        missing: 'empty',
        tellsEnd: false,
      }
    }
  }
}

/** A bucket of version 2 is a database by its name, or by both of its parts: https://docs.influxdata.com/influxdb/v2/query-data/influxql/dbrp/ */
function queried(version: 1 | 2 | 3, database: string): Record<string, string> {
  const slash = database.indexOf('/')
  if (version !== 2 || slash < 0) return { db: database }
  return { db: database.slice(0, slash), rp: database.slice(slash + 1) }
}
