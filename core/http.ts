import { createHash, timingSafeEqual } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { codeOf, type ErrorCode, errorCodes, LintelError, messageOf } from './errors.ts'
import { schemaFault, unreadableRequest, withMediaType } from './http-faults.ts'
import { assertFinite, takeJson } from './http-json.ts'
import { createRouteTable, type RouteTable } from './http-routes.ts'
import { plainJson } from './plain-text.ts'
import { trustOf } from './proxies.ts'

const notFound = /_NOT_FOUND$/
/** Statuses of codes that are neither "not found" (404), nor retryable (503), nor a plain fault of the request (400). */
const statuses: Partial<Record<ErrorCode, number>> = {
  API_UNAUTHORIZED: 401,
  SIGN_IN_FAILED: 401,
  API_FORBIDDEN: 403,
  API_CROSS_SITE: 403,
  PARKED_NOT_REPLAYABLE: 409,
  ALERT_CLOSED: 409,
  DEVICE_CONNECTED: 409,
  ALERT_FULL: 409,
  ACCOUNT_EXISTS: 409,
  TOKEN_EXISTS: 409,
  INVITATION_INVALID: 410,
  RULES_CONFLICT: 412,
  API_METHOD_UNKNOWN: 405,
  API_HOST_UNKNOWN: 421,
  SIGN_IN_THROTTLED: 429,
}

/** Problem details of RFC 9457, with the code of the error. */
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

/** True for what Fastify found wrong with a request: its body, type, length or URL. */
function isClientError(error: unknown): error is { statusCode: number } {
  const { statusCode } = error as { statusCode?: number }
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500
}

function statusOf(code: ErrorCode, error: unknown): number {
  if (!(error instanceof LintelError)) return isClientError(error) ? error.statusCode : 500
  return statusOfCode(code)
}

export function statusOfCode(code: ErrorCode): number {
  return statuses[code] ?? (notFound.test(code) ? 404 : errorCodes[code].retryable ? 503 : 400)
}

export interface HttpOptions {
  /** Throws the error to answer with if a request is not allowed. A string is the bearer token that every request needs. */
  readonly admit: string | ((request: FastifyRequest) => Promise<void>)
  /** Addresses of proxies whose X-Forwarded-* headers are trusted. */
  readonly trustProxy?: readonly string[]
  /** Called for a fault of ours. Too many requests, or another service that does not answer, are no fault of ours. */
  readonly onError?: (error: unknown, facts: { readonly request: string }) => void
  /** Called for each answer that is an error. */
  readonly onProblem?: (code: ErrorCode) => void
  readonly routes?: RouteTable
}

/** Errors that the request itself brings about: no fault of ours. */
const busy: readonly (ErrorCode | undefined)[] = ['API_BUSY', 'EXPORT_BUSY', 'NOTIFY_FAILED']
/** Used if the handler has set no Retry-After. */
const retryAfterS = '5'

/**
 * Headers of every answer: the browser must store nothing, guess no type, run nothing and show it in no frame. A page
 * that needs more sets its own.
 */
const defensive = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** A Fastify server with limits and access control that answers errors as problem details. */
export function createHttp({
  admit,
  trustProxy = [],
  onError,
  onProblem,
  routes = createRouteTable(),
}: HttpOptions): FastifyInstance {
  const app = fastify({
    trustProxy: trustProxy.length === 0 ? false : trustOf(trustProxy),
    bodyLimit: 4 * 1024 * 1024,
    // For the arrival of a request. Its answer may take longer, so a silent socket is left open.
    requestTimeout: 30_000,
    forceCloseConnections: true,
    // Misspelt members are refused instead of removed; `verbose`, so that all of them can be named.
    ajv: { customOptions: { removeAdditional: false, verbose: true } },
    schemaErrorFormatter: schemaFault,
    clientErrorHandler: refuseUnread,
    frameworkErrors: (error, _, reply) => tell(reply, problemOf(error)),
    // `assertTarget` refuses a missing Host, so that it is answered like any other fault.
    http: { requireHostHeader: false },
  })
  const tell = (reply: FastifyReply, problem: Problem) => {
    onProblem?.(problem.code)
    send(reply, problem)
  }
  takeJson(app)
  app.server.on('checkExpectation', (_, answer) => refuseExpectation(answer))
  app.addHook('onRoute', ({ method, url, config }) =>
    routes.add({ method, url, isOpen: (config as { needs?: string } | undefined)?.needs === 'nothing' }),
  )
  const check = typeof admit === 'string' ? asksFor(admit) : admit
  app.addHook('onRequest', async (_, reply) => void reply.headers(defensive))
  app.addHook('onRequest', async request => assertTarget(request))
  app.addHook('onRequest', check)
  app.addHook('preHandler', async ({ query, params, body }) => {
    for (const given of [query, params, body]) assertFinite(given)
  })
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(withMediaType(error, request))
    if (problem.status >= 500 && !busy.includes(codeOf(error)))
      onError?.(error, { request: `${request.method} ${request.routeOptions.url ?? 'of no route'}` })
    tell(reply, problem)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const there = routes.at(path)
    if (there === undefined)
      return tell(reply, problemOf(new LintelError('API_NOT_FOUND', `there is no ${request.method} ${path}`)))
    const allow = there.methods.join(', ')
    reply.header('allow', allow)
    if (request.method === 'OPTIONS') return void reply.status(204).send()
    const why = `there is no ${request.method} ${path}, but ${allow}`
    tell(reply, problemOf(new LintelError('API_METHOD_UNKNOWN', why)))
  })
  return app
}

export const pathOf = ({ url }: Pick<FastifyRequest, 'url'>) => url.split('?')[0]!

/** Throws API_REQUEST_INVALID unless the request names one path and one host; HTTP/1.0 may omit the host. */
function assertTarget({ raw, url }: FastifyRequest): void {
  const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1 || (hosts.length === 0 && raw.httpVersionMinor > 0))
    throw new LintelError('API_REQUEST_INVALID', 'a request has one Host')
  if (!url.startsWith('/')) throw new LintelError('API_REQUEST_INVALID', 'its address must be a path of this service') // biome-ignore format: one line
}

function refuseExpectation(answer: ServerResponse): void {
  const error = Object.assign(new Error('nothing but 100-continue can be expected'), { statusCode: 417 })
  const type = { 'content-type': 'application/problem+json' }
  const body = JSON.stringify(problemOf(error))
  const headers = { ...defensive, ...type, 'content-length': Buffer.byteLength(body) }
  answer.writeHead(417, headers).end(body)
}

function send(reply: FastifyReply, problem: Problem): void {
  if ((problem.status === 503 || problem.status === 429) && !reply.hasHeader('retry-after'))
    reply.header('retry-after', retryAfterS)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  reply
    .status(problem.status)
    .type('application/problem+json')
    .send(plainJson(JSON.stringify(problem)))
}

/** Answers bytes that never became a request: there is no Fastify reply to send with. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const problem = problemOf(unreadableRequest(error))
  const body = JSON.stringify(problem)
  const headers = {
    ...defensive,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  if (socket.writable)
    socket.write(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroy(error)
}

/** Admits requests that carry the token. */
function asksFor(token: string): (request: FastifyRequest) => Promise<void> {
  const matches = matcherOf(token)
  return async request => {
    const given = bearerOf(request)
    if (given === undefined || !matches(given))
      throw new LintelError('API_UNAUTHORIZED', 'send the token as "Authorization: Bearer TOKEN"')
  }
}

export function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** Compares in constant time. */
export function matcherOf(token: string): (given: string) => boolean {
  const wanted = digest(token)
  return given => timingSafeEqual(digest(given), wanted)
}

const digest = (text: string) => createHash('sha256').update(text).digest()
