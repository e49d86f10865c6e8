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

/** What a route asks of who calls it: a permission, to be anybody we know, or nothing. */
export type Needs = Permission | 'anybody' | 'nothing'

declare module 'fastify' {
  interface FastifyContextConfig {
    needs?: Needs
    /** One line for the OpenAPI document, in which all of the API is. */
    summary?: string
    /** A page for people: what others put behind ? of its address says nothing to it. */
    isPage?: boolean
    /** Codes of its own that it may answer with. */
    errors?: readonly ErrorCode[]
    /** What to do instead, for who may not. */
    instead?: string
    /** What its body is, where it is checked behind the route, in words of its own. */
    takes?: TSchema
    /** Where the answer is no JSON: its media types. */
    produces?: readonly string[]
  }
  interface FastifyRequest {
    /** Who asks; only of a route that needs nothing may it be nobody, and reading it throws. */
    readonly viewer: Viewer
  }
}

/** How who asks was known. */
export interface Known {
  readonly viewer: Viewer
  /** By a cookie, which a browser also sends when another site's page asks it to. */
  readonly byCookie: boolean
}

export interface ApiHttpOptions extends Omit<HttpOptions, 'admit'> {
  /** Undefined: nobody whom we know. */
  readonly identify: (request: FastifyRequest) => Promise<Known | undefined>
  /** How people reach it, where that is told. */
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
 * A page of another site can have its name point here and then ask as if it were ours. Where it is told how people reach
 * this service, it answers to that name, to addresses, and to names of one word, which are of this network. Throws
 * API_HOST_UNKNOWN.
 */
function assertHost({ hostname }: FastifyRequest, publicUrl: string | undefined): void {
  if (publicUrl === undefined) return
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const known = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  if (name === known || isIP(name) !== 0 || /^[a-z0-9_-]+$/.test(name)) return
  throw new LintelError('API_HOST_UNKNOWN', `this service is reached as ${publicUrl} (http.publicUrl)`)
}

/** An HTTP server whose every route says what it needs, and which asks that of every request. */
export function createApiHttp({ identify, publicUrl, ...options }: ApiHttpOptions): Api {
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  const routes = createRouteTable()
  const app = createHttp({
    ...options,
    routes,
    async admit(request) {
      assertHost(request, publicUrl)
      const { needs, instead } = request.routeOptions.config
      // What is there for everybody tells everybody its methods.
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
      // What is not there is told only to those we know.
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
    // A stranger has nothing long to say.
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
  // As it is: what schemas say of answers is held by tests, and nothing is left out unseen.
  // A name is seen as it is also where an answer is shown in a terminal.
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
