import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { LintelError, messageOf } from '../../core/errors.ts'
import { AskedToWait, DatabaseMissing, readVerdict } from './influx-answers.ts'
import { dialectOf } from './influx-dialect.ts'
import { createInfluxHttp } from './influx-http.ts'
import { type Ask, createAsk } from './influx-query.ts'
import type { InfluxSettings } from './influx-settings.ts'
import type { Post } from './influx-writer.ts'

export interface InfluxServer {
  readonly post: Post
  readonly ask: Ask
  close(): void
}

/** A Retry-After beyond that is not believed. */
const maxWaitMs = 300_000

/**
 * One server: makes the database where that is missing, and leaves the server alone for as long as it asks
 * for. Everything rejects with STORE_UNAVAILABLE or STORE_WRITE_FAILED.
 */
export function createInfluxServer({ clock, ...settings }: InfluxSettings & { clock: Clock }): InfluxServer {
  const dialect = dialectOf(settings)
  const http = createInfluxHttp(settings)
  const askOnce = createAsk(http, dialect)
  const closing = new AbortController()
  let waitUntil = 0

  async function makeDatabase(): Promise<void> {
    const name = `"${settings.database.replace(/["\\]/g, '\\$&')}"`
    try {
      await askOnce(`CREATE DATABASE ${name}`)
    } catch (error) {
      const what = `the database ${name} is not there and cannot be made: ${messageOf(error)}`
      throw new LintelError('STORE_UNAVAILABLE', what, { cause: error })
    }
  }

  const ask: Ask = async (statement, take) => {
    try {
      await askOnce(statement, take)
    } catch (error) {
      if (!(error instanceof DatabaseMissing) || dialect.missing === 'fail') throw error
      if (dialect.missing === 'empty') return
      await makeDatabase()
      await askOnce(statement, take)
    }
  }

  const post: Post = async lines => {
    await untilWelcome()
    try {
      const body = `${lines.join('\n')}\n`
      const asked = { path: dialect.write, type: 'text/plain; charset=utf-8', body }
      return await http.ask(asked, answer => readVerdict(answer, clock()))
    } catch (error) {
      if (error instanceof AskedToWait) waitUntil = Math.min(error.untilMs, clock() + maxWaitMs)
      throw error
    }
  }

  /** The one who was told to wait has failed, so that it is known why; the next waits. */
  async function untilWelcome(): Promise<void> {
    const ms = waitUntil - clock()
    if (ms > 0) await setTimeout(ms, undefined, { signal: closing.signal }).catch(() => {})
  }

  return {
    ask,
    post,
    close() {
      closing.abort()
      http.close()
    },
  }
}
