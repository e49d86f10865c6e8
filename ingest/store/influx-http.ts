import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LintelError, messageOf } from '../../core/errors.ts'
import type { InfluxSettings } from './influx-settings.ts'

export interface Asked {
  /** Appended to the path of the server's URL. */
  readonly path: string
  /** Sent by POST; without a body the request is a GET. */
  readonly body?: string
  readonly type?: string
  /** Value of the Authorization header. */
  readonly authorization?: string | undefined
  /** Compresses the body if it is large enough. */
  readonly gzip?: boolean
}

export interface InfluxHttp {
  /**
   * Sends a request, and gives the answer to `read`. One deadline covers everything up to the last byte that `read`
   * takes; the rest is discarded. Rejects with STORE_UNAVAILABLE if there is no answer, or only a part.
   */
  ask<T>(asked: Asked, read: (answer: IncomingMessage) => Promise<T>): Promise<T>
  /** Aborts running requests. */
  close(): void
}

/** Connections idle for longer are closed before a proxy closes them at a bad moment. */
const restMs = 4000
/** Bodies this small, such as the position, are not compressed. */
const smallBytes = 2048
const broken: readonly unknown[] = ['ECONNRESET', 'EPIPE']

/** At this level, a chunk of 4096 lines shrinks to a twelfth in 3.4 ms; at the default, to a thirteenth in 10. */
const level = 1
const compress = promisify(gzip)

export function createInfluxHttp({ url, ca, timeoutMs }: InfluxSettings): InfluxHttp {
  const base = new URL(url)
  const isTls = base.protocol === 'https:'
  const options = { keepAlive: true, timeout: restMs, maxSockets: 8 }
  const agent = isTls
    ? new HttpsAgent({ ...options, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent(options)
  const request = isTls ? httpsRequest : httpRequest
  const closing = new AbortController()
  const prefix = base.pathname.replace(/\/+$/, '')

  async function send(
    { path, type, body, authorization, gzip: isAsked = false }: Asked,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : Buffer.from(body)
    const isPlain = !isAsked || text === undefined || text.length < smallBytes
    const bytes = isPlain ? text : await compress(text, { level })
    return new Promise((resolve, reject) => {
      const sent = request(`${base.origin}${prefix}${path}`, {
        method: bytes === undefined ? 'GET' : 'POST',
        agent,
        signal,
        headers: {
          ...(bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }),
          ...(isPlain ? {} : { 'content-encoding': 'gzip' }),
          ...(authorization === undefined ? {} : { authorization }),
        },
      })
      sent.on('response', resolve)
      sent.on('error', error => reject(Object.assign(error, { reused: sent.reusedSocket })))
      sent.end(bytes)
    })
  }

  return {
    async ask(asked, read) {
      const deadline = AbortSignal.timeout(timeoutMs)
      const signal = AbortSignal.any([deadline, closing.signal])
      let answer: IncomingMessage | undefined
      try {
        answer = await send(asked, signal).catch(error => {
          // The server closed an idle connection just as we used it. All our requests may be repeated.
          if (error.reused && broken.includes(error.code) && !signal.aborted) return send(asked, signal)
          throw error
        })
        return await read(answer)
      } catch (error) {
        if (error instanceof LintelError) throw error
        const why = closing.signal.aborted
          ? 'it is being closed'
          : deadline.aborted
            ? `no whole answer within ${timeoutMs / 1000} s`
            : messageOf(error) || String((error as { code?: string }).code)
        throw new LintelError('STORE_UNAVAILABLE', `InfluxDB at ${base.origin}: ${why}`, { cause: error })
      } finally {
        if (answer?.readableEnded === false) answer.destroy()
      }
    },
    close() {
      closing.abort()
      agent.destroy()
    },
  }
}

/** Errors are a line or two; a proxy's page is cut. */
const maxTextBytes = 64 * 1024

export async function readText(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer) {
    if (bytes < maxTextBytes) chunks.push(chunk)
    bytes += chunk.length
  }
  return Buffer.concat(chunks).subarray(0, maxTextBytes).toString()
}

/** Yields the text between line ends. Throws STORE_UNAVAILABLE for a line too long to hold in memory. */
export async function* readLines(answer: AsyncIterable<Buffer>, maxBytes = 256 * 1024 * 1024) {
  let held: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...held, chunk.subarray(start, end)]).toString()
      held = []
      bytes = 0
      start = end + 1
    }
    held.push(chunk.subarray(start))
    bytes += chunk.length - start
    if (bytes > maxBytes) throw new LintelError('STORE_UNAVAILABLE', 'the answer is too large: ask for less')
  }
  if (bytes > 0) yield Buffer.concat(held).toString()
}
