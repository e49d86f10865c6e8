import { isIP } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import Type, { type TSchema } from 'typebox'
import { type ErrorCode, LintelError } from '../core/errors.ts'
import { createHttp, type HttpOptions, pathOf } from '../core/http.ts'
import { createRouteTable } from '../core/http-routes.ts'
import { plainJson } from '../core/plain-text.ts'
import { isSecure } from './access/secure.ts'
import { closed } from './closed-schemas.ts'
import { may, type Permission } from './roles.ts'
import { assertSameOrigin } from './same-origin.ts'
import type { Viewer } from './viewer.ts'

/** A route's requirement: a permission, any known user, or nothing. */
export type Needs = Permission | 'anybody' | 'nothing'

declare module 'fastify' {
  interface FastifyContextConfig {
    needs?: Needs
    /** One line for the OpenAPI document, which lists everything in the API. */
    summary?: string
    /** A page for people: it ignores whatever others append after the ? of its address. */
    isPage?: boolean
    /** Error codes specific to the route. */
    errors?: readonly ErrorCode[]
    /** Advice for users without the permission. */
    instead?: string
    /** Schema of a body that is validated after the route, with its own messages. */
    takes?: TSchema
    /** Media types of an answer that is not JSON. */
    produces?: readonly string[]
  }
  interface FastifyRequest {
    /** The user. On a route that needs nothing there may be none, and reading it throws. */
    readonly viewer: Viewer
  }
}

/** An identified user. */
export interface Known {
  readonly viewer: Viewer
  /** Identified by a cookie, which a browser also sends at the request of another site's page. */
  readonly byCookie: boolean
}

export interface ApiHttpOptions extends Omit<HttpOptions, 'admit'> {
  /** Resolves to undefined for an unknown user. */
  readonly identify: (request: FastifyRequest) => Promise<Known | undefined>
  /** Address at which people reach the service, if configured. */
  readonly publicUrl?: string | undefined
}

export type Api = FastifyInstance<
  FastifyInstance['server'],
  FastifyRequest['raw'],
  import('node:http').ServerResponse,
  FastifyInstance['log'],
  TypeBoxTypeProvider
>

/** The answer of a route, for the OpenAPI document and the tests. */
export const answers = (schema: TSchema, status = 200) => ({ [status]: schema })

const strangersBytes = 16 * 1024
const safe = ['GET', 'HEAD', 'OPTIONS']
const yearS = 31_536_000

function assertNoBody({ body }: FastifyRequest): void {
  const isEmpty = body === undefined || body === null || body === '' || JSON.stringify(body) === '{}'
  if (!isEmpty) throw new LintelError('API_REQUEST_INVALID', 'body must be empty: this takes none')
}

/**
 * Somebody else's page can point its own host name to this service, and then send requests as if it were ours. If
 * `publicUrl` is configured, the service only answers to that name, to addresses, and to single-word names, which
 * belong to this network. Throws API_HOST_UNKNOWN.
 */
function assertHost({ hostname }: FastifyRequest, publicUrl: string | undefined): void {
  if (publicUrl === undefined) return
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const known = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  if (name === known || isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name)) return
  throw new LintelError('API_HOST_UNKNOWN', `this service is reached as ${publicUrl} (http.publicUrl)`)
}

/** An HTTP server on which every route declares what it needs, and every request is checked for that. */
export function createApiHttp({ identify, publicUrl, ...options }: ApiHttpOptions): Api {
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  const routes = createRouteTable()
  const app = createHttp({
    ...options,
    routes,
    async admit(request) {
      assertHost(request, publicUrl)
      const { needs, instead } = request.routeOptions.config
      // An open path may reveal its methods to everybody.
      if (request.is404 && routes.at(pathOf(request))?.isOpen) return
      if (!safe.includes(request.method) && needs === 'nothing') assertSameOrigin(request, publicUrl)
      if (needs === 'nothing') return
      const known = await identify(request)
      if (known === undefined)
        throw new LintelError(
          'API_UNAUTHORIZED',
          request.headers.authorization === undefined
            ? 'sign in, or send a token as "Authorization: Bearer TOKEN"; the operator\'s is in the file token of the data directory'
            : 'this service does not know that token, or not any more: is it of another service, or of another data directory?',
        )
      if (known.byCookie && !safe.includes(request.method)) assertSameOrigin(request, publicUrl, 'strictly')
      viewers.set(request, known.viewer)
      // Only known users learn that something does not exist.
      if (needs === undefined || needs === 'anybody') return
      const { role } = known.viewer
      if (!may(role, needs))
        throw new LintelError(
          'API_FORBIDDEN',
          `this needs ${needs}, which the role ${role} does not have${instead === undefined ? '' : `: ${instead}`}`,
        )
    },
  })
  app.addHook('onRoute', route => {
    const { method, url, config } = route
    if (config?.needs === undefined) throw new Error(`${method} ${url} does not say what it needs`)
    if (url.startsWith('/api/') && config.summary === undefined)
      throw new Error(`${method} ${url} does not say what it does`)
    // A stranger has no reason to send much.
    if (config.needs === 'nothing') route.bodyLimit = strangersBytes
    if (config.isPage) return
    const { querystring = Type.Object({}), params, body } = (route.schema ?? {}) as Record<string, TSchema>
    route.schema = {
      ...route.schema,
      querystring: closed(querystring),
      ...(params === undefined ? {} : { params: closed(params) }),
      ...(body === undefined ? {} : { body: closed(body) }),
    }
    if (body === undefined && config.takes === undefined && !safe.includes(String(method)))
      route.preValidation = [route.preValidation ?? []].flat().concat(async request => assertNoBody(request))
  })
  app.addHook('onSend', async (request, reply) => {
    if (isSecure(request, publicUrl)) reply.header('strict-transport-security', `max-age=${yearS}`)
  })
  // Unchanged: tests compare schemas with answers, so nothing is left out unnoticed. `plainJson` also makes names
  // readable when an answer is shown in a terminal.
  app.setSerializerCompiler(() => value => plainJson(JSON.stringify(value)))
  app.decorateRequest('viewer', {
    getter() {
      const viewer = viewers.get(this as FastifyRequest)
      if (viewer === undefined) throw new Error('a route that needs nothing has no viewer')
      return viewer
    },
  })
  return app.withTypeProvider<TypeBoxTypeProvider>() as unknown as Api
}
