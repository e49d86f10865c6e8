import type { IncomingMessage } from 'node:http'
import { LintelError } from '../../core/errors.ts'
import { readText } from './influx-http.ts'

/** The server's answer to written lines. */
export type Verdict =
  | { readonly is: 'written' }
  /** Some of these lines will never be accepted. Others of them may have been written. */
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'too long' }

/** The server asks to wait until then; epoch ms. */
export class AskedToWait extends LintelError {
  readonly untilMs: number

  constructor(status: number, untilMs: number, seconds: number) {
    super('STORE_UNAVAILABLE', `InfluxDB asks to wait ${seconds} s (${status})`)
    this.untilMs = untilMs
  }
}

export class DatabaseMissing extends LintelError {
  constructor(reason: string) {
    super('STORE_UNAVAILABLE', `InfluxDB: ${reason}`)
  }
}

/** A limit or a problem of the server: it accepts the same lines once that is resolved. */
const isOfServer = (reason: string) => /max-\w+|limit exceeded|maximum memory|timeout|timed out/i.test(reason)

/**
 * Only 204 means that lines are on disk: a 200 with a page comes from a proxy, and 201 of version 3 means only a part
 * of them. Throws STORE_UNAVAILABLE or STORE_WRITE_FAILED for what a retry may solve.
 */
export async function readVerdict(answer: IncomingMessage, now: number): Promise<Verdict> {
  const status = answer.statusCode!
  const text = await readText(answer)
  if (status === 204) return { is: 'written' }
  if (status === 413) return { is: 'too long' }
  const reason = reasonOf(text)
  if ((status === 400 || status === 422) && reason !== undefined && !isOfServer(reason))
    return { is: 'refused', reason }
  throw failureOf(answer, text, now)
}

/** The error for any answer that was not expected. */
export function failureOf({ statusCode, headers }: IncomingMessage, text: string, now: number): LintelError {
  const status = statusCode!
  const reason = reasonOf(text)
  const told =
    reason ??
    `an answer that is not InfluxDB's (${headers['content-type'] ?? 'of no type'}): is a proxy between?`
  const waitS = status === 429 || status === 503 ? secondsOf(headers['retry-after'], now) : undefined
  if (waitS !== undefined) return new AskedToWait(status, now + waitS * 1000, waitS)
  if (status === 401 || status === 403) {
    const what = `InfluxDB refuses what it was shown (${status}, ${told}): look at the files that store.influx names`
    return new LintelError('STORE_UNAVAILABLE', what)
  }
  if (status === 404 && reason !== undefined && isMissing(reason)) return new DatabaseMissing(reason)
  const code = reason !== undefined && status < 502 ? 'STORE_WRITE_FAILED' : 'STORE_UNAVAILABLE'
  return new LintelError(code, `InfluxDB answered ${status}: ${told}`)
}

export const isMissing = (reason: string) => /\b(?:database|bucket)\b.*not found/i.test(reason)

/**
 * The error text of versions 1 (`error`), 2 (`message`) or 3 (`error`, with the fault of a line in `data`); undefined
 * if it is no answer of InfluxDB.
 */
export function reasonOf(text: string): string | undefined {
  try {
    const { error, message, data } = JSON.parse(text) as Record<string, unknown>
    const first = (Array.isArray(data) ? data[0] : data) as { error_message?: unknown } | undefined
    const parts = [error ?? message, first?.error_message].filter(part => typeof part === 'string')
    return parts.length === 0 ? undefined : parts.join(': ').slice(0, 1000)
  } catch {
    return undefined
  }
}

/** Value of a Retry-After: seconds, or a date (RFC 9110, 10.2.3). */
function secondsOf(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const until = Date.parse(value)
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - now) / 1000))
}
