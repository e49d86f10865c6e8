import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { secondMs } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'

export interface Answer {
  readonly status: number
  /** First 64 kB of the body. */
  readonly text: string
  /** From `Retry-After`, if present. */
  readonly waitMs?: number
}

export interface Poster {
  /**
   * Posts to the address, with additional query parameters if given. Never follows a redirect: it is an answer like any
   * other. Throws if no answer comes within 10 s; the error text names no part of the address except its host.
   */
  post(
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
    query?: Record<string, string>,
  ): Promise<Answer>
  close(): void
}

const defaultDeadlineMs = 10 * secondMs
const maxAnswerBytes = 64 * 1024
/** Connections idle for longer are closed before the other side closes them at a bad moment. */
const restMs = 4 * secondMs
const broken: readonly unknown[] = ['ECONNRESET', 'EPIPE']

export interface PosterOptions {
  /** PEM; by default the system's CAs. */
  readonly ca?: Buffer
  readonly deadlineMs?: number
}

export function createPoster(
  address: string,
  { ca, deadlineMs = defaultDeadlineMs }: PosterOptions = {},
): Poster {
  const base = new URL(address)
  const isTls = base.protocol === 'https:'
  const options = { keepAlive: true, timeout: restMs, maxSockets: 4 }
  const agent = isTls
    ? new HttpsAgent({ ...options, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent(options)
  const request = isTls ? httpsRequest : httpRequest

  function send(
    url: URL,
    body: Buffer,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        agent,
        signal,
        headers: {
          'user-agent': 'lintel',
          accept: 'application/json',
          'content-length': body.length,
          ...headers,
        },
      })
      sent.on('response', resolve)
      sent.on('error', error => reject(Object.assign(error, { wasReused: sent.reusedSocket })))
      sent.end(body)
    })
  }

  return {
    async post(body, headers, outer, query = {}) {
      const url = new URL(base)
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      const deadline = AbortSignal.timeout(deadlineMs)
      const signal = AbortSignal.any([deadline, outer])
      const bytes = Buffer.from(body)
      try {
        const answer = await send(url, bytes, headers, signal).catch(error => {
          // The other side closed an idle connection just as we used it; the key makes a second try harmless.
          if (error.wasReused && broken.includes(error.code) && !signal.aborted)
            return send(url, bytes, headers, signal)
          throw error
        })
        const wait = waitOf(answer)
        return {
          status: answer.statusCode ?? 0,
          text: await beginningOf(answer),
          ...(wait === undefined ? {} : { waitMs: wait }),
        }
      } catch (error) {
        if (deadline.aborted) throw new Error(`no answer from ${base.host} within ${deadlineMs / 1000} s`)
        const reason = reasonOf(error, base)
        throw new Error(reason.includes(base.host) ? reason : `${base.host}: ${reason}`)
      }
    },
    close: () => agent.destroy(),
  }
}

/** Stops reading at the limit or if the answer breaks off: the status has already arrived. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= maxAnswerBytes) break
    }
  } catch {
    // Use the part that arrived.
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString()
}

function waitOf({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * secondMs : undefined
}

/** Node's messages name addresses and ports; if one contains the path, that is cut out. */
function reasonOf(error: unknown, { pathname, search }: URL): string {
  const text = messageOf(error) || String((error as { code?: string }).code)
  return [search, pathname]
    .filter(part => part.length > 1)
    .reduce((said, part) => said.replaceAll(part, '…'), text)
}

/** The verdict on a response by its status alone: only 2xx is a delivery. */
export function faultOf({ status }: Answer): string | undefined {
  if (status >= 200 && status < 300) return undefined
  if (status >= 300 && status < 400) return `HTTP ${status}: it redirects, and redirects are not followed`
  return `HTTP ${status}`
}

/** The receiver will never accept this body. */
export const isRefusal = ({ status }: Answer) => status === 400 || status === 413 || status === 422
