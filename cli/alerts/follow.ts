import { setTimeout as pause } from 'node:timers/promises'
import { backoffMs } from '../../core/backoff.ts'
import { LintelError } from '../../core/errors.ts'
import { problemIn } from '../../core/problem-answer.ts'
import { whyUnreachable } from '../../core/unreachable.ts'
import type { Service } from '../connect.ts'
import { createEventReader, type EventReader, type ServerEvent } from './event-stream.ts'

export interface FollowOptions {
  /** Called before each connection, because a restarted service has another address. Undefined: no service is running. */
  readonly find: () => Service | undefined
  /** Number of the last known change. */
  readonly after?: number
  readonly sites?: readonly string[]
  readonly signal?: AbortSignal
  /** Called when the connection broke and will be tried again. */
  onPause?(error: LintelError): void
}

/** Three heartbeats. */
const silenceMs = 45_000
const pauses = { firstMs: 1000, maxMs: 30_000 }

/**
 * Yields changes of alerts as they come, as long as the caller asks for the next one; a broken connection resumes where
 * it was. Throws the refusal of a reachable service, and API_UNAVAILABLE if the first try finds none.
 */
export async function* followAlerts(options: FollowOptions): AsyncGenerator<ServerEvent> {
  const { find, after, signal } = options
  const reader = createEventReader(after === undefined ? undefined : String(after))
  let failures = 0
  let wasThere = false
  while (signal?.aborted !== true) {
    try {
      const service = find()
      if (service === undefined) throw new LintelError('API_UNAVAILABLE', 'no service is up')
      yield* connection(service, reader, options, () => {
        failures = 0
        wasThere = true
      })
    } catch (error) {
      if (signal?.aborted) return
      if (!(error instanceof LintelError) || !error.retryable || !wasThere) throw error
      options.onPause?.(error)
    }
    const waitMs = Math.max(reader.retryMs() ?? 0, backoffMs(++failures, pauses, Math.random()))
    await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

/** One connection, until it ends. Comments are not events, but they show that the connection works. */
async function* connection(
  { url, token }: Service,
  reader: EventReader,
  { sites, signal }: FollowOptions,
  onOpen: () => void,
) {
  const silence = new AbortController()
  const watchdog = setTimeout(() => silence.abort(new Error('it is silent')), silenceMs)
  const lastId = reader.lastId()
  const search = sites === undefined ? '' : `?site=${encodeURIComponent(sites.join(','))}`
  try {
    const answer = await fetch(`${url}/api/v1/alerts/live${search}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
      signal: signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]),
    })
    if (!answer.ok) throw problemIn(await answer.text().catch(() => ''), answer.status)
    const decoder = new TextDecoder()
    reader.begin()
    onOpen()
    for await (const bytes of answer.body!) {
      watchdog.refresh()
      yield* reader.feed(decoder.decode(bytes, { stream: true }))
    }
  } catch (error) {
    if (error instanceof LintelError) throw error
    throw new LintelError(
      'API_UNAVAILABLE',
      `the service at ${url} does not answer: ${whyUnreachable(error)}`,
      {
        cause: error,
      },
    )
  } finally {
    clearTimeout(watchdog)
    silence.abort()
  }
}
