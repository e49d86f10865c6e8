import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { AskedToWait, DatabaseMissing, failureOf, readVerdict } from './influx-answers.ts'
import { makeBucket } from './influx-bucket.ts'
import { dialectOf } from './influx-dialect.ts'
import { createInfluxHttp, readText } from './influx-http.ts'
import { type Ask, createAsk } from './influx-query.ts'
import { deletePredicate, deleteStatement, type Remove } from './influx-remove.ts'
import type { InfluxSettings, InfluxVersion } from './influx-settings.ts'
import { authorizationOf, findVersion } from './influx-version.ts'
import type { Post } from './influx-writer.ts'

export interface InfluxServer {
  readonly post: Post
  readonly ask: Ask
  /** Like `ask`, but times are text with nanoseconds. */
  readonly askTimes: Ask
  readonly remove: Remove
  /** Rejects with STORE_UNAVAILABLE until the server has answered. */
  version(): Promise<InfluxVersion>
  close(): void
}

/** A longer Retry-After is not believed. */
const maxWaitMs = 300_000

/**
 * One server: finds out its version, creates the database if it is missing, and does not disturb the server for as long
 * as it asks to wait. Everything rejects with STORE_UNAVAILABLE or STORE_WRITE_FAILED.
 */
export function createInfluxServer({ clock, ...settings }: InfluxSettings & { clock: Clock }): InfluxServer {
  const http = createInfluxHttp(settings)
  const closing = new AbortController()
  let waitUntil = 0
  let known: ReturnType<typeof speak> | undefined

  function speak(version: InfluxVersion) {
    const dialect = dialectOf({ ...settings, version })
    const { token, authorization = token === undefined ? undefined : authorizationOf(token, version) } =
      settings
    const askOnce = createAsk(http, dialect, authorization)
    const askTimes = createAsk(http, { ...dialect, query: dialect.queryTimes }, authorization)
    return { version, dialect, authorization, askOnce, askTimes }
  }

  /** Keeps the answer but not a failure: the server may be down at the start. */
  async function reach() {
    known ??= speak(settings.version ?? (await findVersion(http, settings)))
    return known
  }

  async function makeDatabase(): Promise<void> {
    const { dialect, authorization, askOnce } = await reach()
    if (dialect.missing === 'bucket') return makeBucket(http, settings.org!, settings.database, authorization)
    const name = `"${settings.database.replace(/["\\]/g, '\\$&')}"`
    try {
      await askOnce(`CREATE DATABASE ${name}`)
    } catch (error) {
      const what = `the database ${name} is not there and cannot be made: ${messageOf(error)}`
      throw new LintelError('STORE_UNAVAILABLE', what, { cause: error })
    }
  }

  const askBy =
    (way: 'askOnce' | 'askTimes'): Ask =>
    async (statement, take) => {
      const { dialect, [way]: once } = await reach()
      try {
        await once(statement, take)
      } catch (error) {
        if (!(error instanceof DatabaseMissing)) throw error
        if (dialect.missing === 'empty') return
        await makeDatabase()
        await once(statement, take)
      }
    }
  const ask = askBy('askOnce')

  const post: Post = async lines => {
    const { dialect, authorization } = await reach()
    await untilWelcome()
    try {
      const body = `${lines.join('\n')}\n`
      const type = 'text/plain; charset=utf-8'
      const asked = { path: dialect.write, type, body, authorization, gzip: settings.gzip ?? false }
      return await http.ask(asked, answer => readVerdict(answer, clock()))
    } catch (error) {
      if (error instanceof AskedToWait) waitUntil = Math.min(error.untilMs, clock() + maxWaitMs)
      // Version 2 may answer queries about a missing bucket, so it is created here. The error is still thrown: writing
      // resumes from the position, which may be lost.
      if (error instanceof DatabaseMissing && dialect.missing === 'bucket') await makeDatabase()
      throw error
    }
  }

  const remove: Remove = async (measurement, removal) => {
    const { dialect, authorization } = await reach()
    if (dialect.removes === 'statement') return ask(deleteStatement(measurement, removal))
    if (dialect.removes === 'never') {
      const what = 'InfluxDB 3 deletes no single rows: give its database a retention period instead'
      throw new LintelError('RETENTION_UNSUPPORTED', what)
    }
    const body = deletePredicate(measurement, removal)
    const asked = { path: dialect.removes.path, type: 'application/json', body, authorization }
    await http.ask(asked, async answer => {
      const text = await readText(answer)
      if (answer.statusCode !== 204) throw failureOf(answer, text, clock())
    })
  }

  /** The call that was told to wait has failed, so that the reason is known; the next one waits. */
  async function untilWelcome(): Promise<void> {
    const ms = waitUntil - clock()
    if (ms > 0) await setTimeout(ms, undefined, { signal: closing.signal }).catch(() => {})
  }

  return {
    ask,
    askTimes: askBy('askTimes'),
    post,
    remove,
    version: async () => (await reach()).version,
    close() {
      closing.abort()
      http.close()
    },
  }
}
