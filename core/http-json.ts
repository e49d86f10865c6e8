import type { FastifyInstance } from 'fastify'
import { LintelError } from './errors.ts'

/** What is nested deeper is no request of ours, and would exhaust the stack of whoever walks it. */
export const maxDepth = 64

/** Whether the arrays and objects of a JSON text lie in more than so many others. */
export function isDeeper(text: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      // To the end of the string, past what is escaped.
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++)
        if (text.charCodeAt(at) === 0x5c) at++
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > most) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** JSON bodies that have a bounded depth; otherwise as Fastify reads them. */
export function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (isDeeper(body as string, maxDepth))
      return done(
        new LintelError('API_REQUEST_INVALID', `its JSON is nested more than ${maxDepth} levels deep`),
      )
    return parse(request, body as string, done)
  })
}

/**
 * A text such as `Infinity` where a number belongs becomes one as it is validated, and is then past the bounds that the
 * schema sets. Throws API_REQUEST_INVALID.
 */
export function assertFinite(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new LintelError('API_REQUEST_INVALID', 'a number is too large, or is none')
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value))
    for (const part of Object.values(value)) assertFinite(part)
}
