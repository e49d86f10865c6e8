import type { FastifyRequest } from 'fastify'
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

/** An error of Ajv with `verbose: true`. */
type Fault = FastifySchemaValidationError & {
  readonly data?: unknown
  readonly parentSchema?: { readonly properties?: object }
}

const mostNames = 8

/** Describes what a schema finds wrong with a part of a request: names unknown members and allowed values. */
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

/** For a body of a media type that is not read, names the right Content-Type. The only plain text bodies are lists (CSV). */
export function withMediaType(error: unknown, request: FastifyRequest): unknown {
  const { code, message, statusCode } = Object(error) as Error & { code?: string; statusCode?: number }
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return error
  const { type } = Object(request.routeOptions.schema?.body) as { type?: string }
  const wanted = type === 'string' ? 'text/csv' : 'application/json'
  return Object.assign(new Error(`${message}: send it as Content-Type: ${wanted}`), { statusCode })
}

/** The error for bytes that Node could not read as a request. */
export function unreadableRequest({ code }: NodeJS.ErrnoException): Error & { readonly statusCode: number } {
  const [statusCode, why] = reasons[code ?? ''] ?? [400, 'this is no HTTP request']
  return Object.assign(new Error(why), { statusCode })
}

const reasons: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'its headers are too long'],
  HPE_INVALID_URL: [400, 'its address has characters that must be percent-encoded, such as %E5%8D%97 for 南'],
}
