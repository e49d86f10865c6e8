import { LintelError } from '../../core/errors.ts'
import { DatabaseMissing, failureOf, isMissing } from './influx-answers.ts'
import type { Dialect } from './influx-dialect.ts'
import { type InfluxHttp, readLines, readText } from './influx-http.ts'

/** One group of an answer: the points of one measurement and one set of tags. */
export interface Series {
  readonly name: string
  readonly tags?: Readonly<Record<string, string | null>>
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
}

interface Document {
  readonly error?: string
  readonly results?: readonly {
    readonly error?: string
    readonly series?: readonly Series[]
    readonly partial?: boolean
  }[]
}

/**
 * Sends one InfluxQL statement. Series are passed to `take` as they arrive, until it returns false. Rejects with
 * STORE_UNAVAILABLE, which includes DatabaseMissing and an answer that the server cut short.
 */
export type Ask = (statement: string, take?: (series: Series) => boolean) => Promise<void>

export const createAsk =
  (http: InfluxHttp, { query, asks, tellsEnd }: Dialect, authorization: string | undefined): Ask =>
  (statement, take = () => true) => {
    const q = String(new URLSearchParams({ q: statement }))
    const asked =
      asks === 'GET'
        ? { path: `${query}&${q}`, authorization }
        : { path: query, type: 'application/x-www-form-urlencoded', body: q, authorization }
    return http.ask(asked, async answer => {
      if (answer.statusCode !== 200) throw unavailable(failureOf(answer, await readText(answer), Date.now()))
      let isPartial: boolean | undefined
      for await (const line of readLines(answer)) {
        if (line.trim() === '') continue
        const { error, results } = parse(line)
        for (const result of results ?? [{ error: error ?? 'an answer without results' }]) {
          const reason = error ?? result.error
          if (reason !== undefined) throw failed(reason)
          isPartial = result.partial === true
          for (const series of result.series ?? []) if (!take(series)) return
        }
      }
      // The last part says that nothing follows; with max-row-limit the server leaves out everything beyond it.
      if (isPartial === undefined || (isPartial && tellsEnd)) throw failed('the answer ends before its end')
    })
  }

function parse(line: string): Document {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new LintelError('STORE_UNAVAILABLE', "InfluxDB: an answer that is not InfluxDB's", { cause: error })
  }
}

const failed = (reason: string) =>
  isMissing(reason)
    ? new DatabaseMissing(reason)
    : new LintelError('STORE_UNAVAILABLE', `InfluxDB did not answer a question: ${reason}`)

/** A query writes nothing, so every failure is STORE_UNAVAILABLE. */
const unavailable = (error: LintelError) =>
  error.code === 'STORE_UNAVAILABLE' ? error : new LintelError('STORE_UNAVAILABLE', error.message)
