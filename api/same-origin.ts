import type { FastifyRequest } from 'fastify'
import { LintelError } from '../core/errors.ts'

/** A header that forms and simple requests cannot carry: another site's page would have to ask first, and is refused. */
export const ownHeader = 'x-lintel'

/**
 * Refuses requests that another site's page made a browser send. Programs send no origin and pass, except `strictly`,
 * as with a cookie: then only our own pages pass. `publicUrl` counts as ours, too: a proxy may pass on another host
 * than the one the browser uses.
 */
export function assertSameOrigin(request: FastifyRequest, publicUrl?: string, how?: 'strictly'): void {
  const { headers, host, protocol } = request
  const { origin, 'sec-fetch-site': site } = headers
  const ours = [`${protocol}://${host}`, publicUrl].map(hostOf)
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && !ours.includes(hostOf(origin) ?? ''))
  const marked = how !== 'strictly' || headers[ownHeader] !== undefined
  if (!foreign && marked) return
  throw new LintelError(
    'API_CROSS_SITE',
    foreign
      ? 'a page of another site cannot ask this'
      : `with a cookie, what changes something needs the header ${ownHeader}: 1`,
  )
}

function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined
}
