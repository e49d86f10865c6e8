import type { FastifyRequest } from 'fastify'
import { LintelError } from '../core/errors.ts'

/** A header that no form and no simple request can carry: another site's page would have to ask first, and is not allowed. */
export const ownHeader = 'x-lintel'

/**
 * Refuses what another site's page had a browser send. Programs say nothing of an origin and pass, unless it is
 * to hold `strictly`, as with a cookie: then only our own pages do. `publicUrl` counts as ours, too: a proxy may tell
 * another host than the one that the browser knows.
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
