import { STATUS_CODES } from 'node:http'
import Type, { type TSchema } from 'typebox'
import type { ErrorCode } from '../core/errors.ts'
import { statusOfCode } from '../core/http.ts'
import { version } from '../core/version.ts'
import { type Api, answers, type Needs } from './guard.ts'
import { may, roles } from './roles.ts'
import { namedSchemas } from './routes/schemas.ts'

/** A route as declared to Fastify. */
interface Route {
  readonly method: string
  readonly url: string
  readonly needs: Needs
  readonly summary: string
  readonly errors: readonly ErrorCode[]
  readonly produces: readonly string[]
  readonly takes: TSchema | undefined
  readonly schema: {
    readonly params?: TSchema
    readonly querystring?: TSchema
    readonly headers?: TSchema
    readonly body?: TSchema
    readonly response?: Readonly<Record<string, TSchema>>
  }
}

export interface OpenApi {
  /** The document of all routes added before the first request for it. */
  document(): object
  addRoute(app: Api): void
}

/** An OpenAPI 3.1 document. TypeBox schemas are JSON Schema 2020-12, which OpenAPI uses, too. */
export function createOpenApi(app: Api): OpenApi {
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url, config, schema = {} }) => {
    if (config?.summary === undefined || method === 'HEAD') return
    routes.push({
      method: String(method).toLowerCase(),
      url,
      needs: config.needs!,
      summary: config.summary,
      errors: config.errors ?? [],
      produces: config.produces ?? ['application/json'],
      takes: config.takes,
      schema: schema as Route['schema'],
    })
  })
  let made: object | undefined
  const document = () => {
    made ??= documentOf(routes)
    return made
  }
  return {
    document,
    addRoute(app) {
      app.get(
        '/api/v1/openapi.json',
        {
          config: { needs: 'nothing', summary: 'This document.' },
          schema: { response: answers(Type.Object({ openapi: Type.String() })) },
        },
        async () => document() as never,
      )
    },
  }
}

const description = [
  'What lintel counts, and the operation of it. Roles and what they may: docs/operating.md.',
  'A browser has a session, in a cookie; with it, what changes something needs the header X-Lintel: 1 and comes from a page of the same origin.',
  'A program has a token.',
].join(' ')

function documentOf(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route) }
  }
  const answers = [...JSON.stringify(paths).matchAll(/components\/responses\/([\w.]+)/g)].map(
    ([, name]) => name!,
  )
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Lintel',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(namedSchemas).map(([name, schema]) => [name, { ...schema }]),
      ),
      responses: Object.fromEntries(
        [...new Set(answers)].sort().map(name => [name, problemOf(name.split('.'))]),
      ),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: "An API token, or the operator's." },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'lintel_session',
          description: '__Host-lintel_session over TLS.',
        },
      },
    },
  }
  return withReferences(document) as object
}

function operationOf({ url, method, needs, summary, errors, produces, takes, schema }: Route): object {
  const parts = url.split('/').slice(url.startsWith('/api/') ? 3 : 1)
  const operationId = [method, ...parts].map(part => part.replace(/\W+/g, '')).join('-')
  const parameters = [
    ...parametersOf('path', schema.params),
    ...parametersOf('query', schema.querystring),
    ...parametersOf('header', schema.headers),
  ]
  const body = schema.body ?? takes
  const isCsv = (body as { type?: string } | undefined)?.type === 'string'
  const responses = Object.entries(schema.response ?? {}).map(([status, answer]) => {
    const text = { description: STATUS_CODES[status]! }
    if (status === '204') return [status, text]
    const content = Object.fromEntries(produces.map(type => [type, { schema: answer }]))
    return [status, { ...text, content }]
  })
  const who = roles.filter(role => needs === 'nothing' || needs === 'anybody' || may(role, needs))
  return {
    operationId,
    summary,
    'x-needs': needs,
    ...(needs === 'nothing'
      ? { security: [] }
      : { security: [{ token: [] }, { session: [] }], description: `Needs ${needs}: ${who.join(', ')}.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { [isCsv ? 'text/csv' : 'application/json']: { schema: body } },
          },
        }),
    responses: { ...Object.fromEntries(responses), ...problemsOf(needs, errors) },
  }
}

function parametersOf(place: 'path' | 'query' | 'header', schema: TSchema | undefined): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema & { description?: string }>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (required.includes(name) && !('default' in property)),
    ...(property.description === undefined ? {} : { description: property.description }),
    schema: property,
  }))
}

/** By status, references to answers; the document contains each set of codes once. */
function problemsOf(needs: Needs, errors: readonly ErrorCode[]): Record<string, object> {
  const everywhere: ErrorCode[] = ['API_REQUEST_INVALID', 'API_UNAVAILABLE']
  const known: ErrorCode[] = needs === 'nothing' ? [] : ['API_UNAUTHORIZED', 'API_CROSS_SITE']
  const permitted: ErrorCode[] = needs === 'nothing' || needs === 'anybody' ? [] : ['API_FORBIDDEN']
  const codes = [...new Set([...errors, ...known, ...permitted, ...everywhere])].sort()
  const byStatus = Object.entries(Object.groupBy(codes, statusOfCode))
  return Object.fromEntries(
    byStatus.map(([status, codes = []]) => [status, { $ref: `#/components/responses/${codes.join('.')}` }]),
  )
}

function problemOf(codes: readonly string[]): object {
  const [code] = codes as [ErrorCode]
  const example = {
    type: `https://lintel.invalid/errors#${code}`,
    title: code,
    status: statusOfCode(code),
    code,
    detail: 'what is wrong, for a person',
  }
  return {
    description: codes.join(', '),
    content: { 'application/problem+json': { schema: namedSchemas.Problem, example } },
  }
}

/** Replaces named schemas, wherever they occur, by references. */
function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(each => withReferences(each))
  if (typeof value !== 'object' || value === null) return value
  const name = Object.keys(namedSchemas).find(name => namedSchemas[name] === value)
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withReferences(each)]))
}
