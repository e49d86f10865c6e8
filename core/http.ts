import { createHash, timingSafeEqual } from 'node:crypto'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { codeOf, type ErrorCode, errorCodes, LintelError, messageOf } from './errors.ts'

const notFound = /_NOT_FOUND$/
const conflicts: readonly ErrorCode[] = ['PARKED_NOT_REPLAYABLE']

/** RFC 9457: every error of ours, by its code. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
}

export function problemOf(error: unknown): Problem {
  const code = codeOf(error) ?? (isClientError(error) ? 'API_REQUEST_INVALID' : 'API_UNAVAILABLE')
  const status = statusOf(code, error)
  const detail = status === 500 ? 'something went wrong inside; the log says what' : messageOf(error)
  return { type: `https://lintel.invalid/errors#${code}`, title: code, status, code, detail }
}

/** What Fastify found wrong with a request: its body, its type, its length, its URL. */
function isClientError(error: unknown): error is { statusCode: number } {
  const { statusCode } = error as { statusCode?: number }
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
}

function statusOf(code: ErrorCode, error: unknown): number {
  if (!(error instanceof LintelError)) return isClientError(error) ? error.statusCode : 500
  if (code === 'API_UNAUTHORIZED') return 401
  if (notFound.test(code)) return 404
  if (conflicts.includes(code)) return 409
  return errorCodes[code].retryable ? 503 : 400
}

export interface HttpOptions {
  /** Bearer token for everything but `open`. */
  readonly token: string
  /** Paths that need no token. */
  readonly open?: readonly string[]
  readonly onError?: (error: unknown, request: FastifyRequest) => void
}

/** A Fastify that has limits, asks for a token and answers errors as problem details. */
export function createHttp({ token, open = [], onError }: HttpOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: 4 * 1024 * 1024,
    // For a request to arrive. Its answer may take longer, so a socket that is silent is left open.
    requestTimeout: 30_000,
    forceCloseConnections: true,
    frameworkErrors: (error, _, reply) => send(reply, problemOf(error)),
  })
  const wanted = digest(token)
  app.addHook('onRequest', async request => {
    if (open.includes(request.url.split('?')[0]!)) return
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) return
    throw new LintelError(
      'API_UNAUTHORIZED',
      'send the token as "Authorization: Bearer TOKEN"; it is in the file token of the data directory',
    )
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error)
    if (problem.status >= 500) onError?.(error, request)
    send(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => {
    send(
      reply,
      problemOf(
        new LintelError('API_NOT_FOUND', `there is no ${request.method} ${request.url.split('?')[0]}`),
      ),
    )
  })
  return app
}

function send(reply: FastifyReply, problem: Problem): void {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

const digest = (text: string) => createHash('sha256').update(text).digest()
