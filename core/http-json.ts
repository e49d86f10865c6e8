import type { FastifyInstance } from 'fastify'
import { LintelError } from './errors.ts'

/** Deepest nesting of a request. Deeper JSON would exhaust the stack of code that walks it. */
export const maxDepth = 64

/** True if the arrays and objects of a JSON text are nested more than `most` levels deep. */
export function isDeeper(text: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      // Skip to the end of the string, past escaped characters.
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++)
        if (text.charCodeAt(at) === 0x5c) at++
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > most) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

/** Reads JSON bodies as Fastify does, but refuses those nested deeper than `maxDepth`. */
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
 * Throws API_REQUEST_INVALID for a number that is not finite. Validation turns a text such as `Infinity` into a number
 * that the bounds of the schema do not stop.
 */
export function assertFinite(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new LintelError('API_REQUEST_INVALID', 'a number is too large, or is none')
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value))
    for (const part of Object.values(value)) assertFinite(part)
}
