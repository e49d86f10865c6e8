import type { FastifyRequest } from 'fastify'
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

/** As Ajv tells it when it is asked to be verbose. */
type Fault = FastifySchemaValidationError & {
  readonly data?: unknown
  readonly parentSchema?: { readonly properties?: object }
}

const mostNames = 8

/** What is wrong with a part of a request, by its schema: it names members that are not known, and words that would do. */
export function schemaFault(faults: readonly Fault[], part: string): Error {
  return new Error(faults.map(fault => `${part}${fault.instancePath} ${wordsOf(fault)}`).join(', '))
}

function wordsOf({ keyword, params, message, data, parentSchema }: Fault): string {
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
  if (keyword !== 'additionalProperties') return message ?? 'is not as it must be'
  const known = Object(parentSchema?.properties) as object
  const strangers = Object.keys(Object(data)).filter(name => !Object.hasOwn(known, name))
  const names = strangers.slice(0, mostNames).map(name => name.slice(0, 64))
  return `must not have ${names.join(', ')}; there are ${Object.keys(known).join(', ')}`
}

/** A body that is sent as what is not read is told as what it would be. A list is the one body that is plain text. */
export function withMediaType(error: unknown, request: FastifyRequest): unknown {
  const { code, message, statusCode } = Object(error) as Error & { code?: string; statusCode?: number }
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return error
  const { type } = Object(request.routeOptions.schema?.body) as { type?: string }
  const wanted = type === 'string' ? 'text/csv' : 'application/json'
  return Object.assign(new Error(`${message}: send it as Content-Type: ${wanted}`), { statusCode })
}

/** What Node could not read as a request at all. */
export function unreadableRequest({ code }: NodeJS.ErrnoException): Error & { readonly statusCode: number } {
  const [statusCode, why] = reasons[code ?? ''] ?? [400, 'this is no HTTP request']
  return Object.assign(new Error(why), { statusCode })
}

const reasons: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'its headers are too long'],
  HPE_INVALID_URL: [400, 'its address has characters that must be percent-encoded, such as %E5%8D%97 for 南'],
}
