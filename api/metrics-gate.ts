import { readFile } from 'node:fs/promises'
import type { FastifyRequest } from 'fastify'
import { LintelError } from '../core/errors.ts'
import { bearerOf, matcherOf } from '../core/http.ts'
import type { Known } from './guard.ts'
import { may } from './roles.ts'

export interface MetricsGateParts {
  readonly identify: (request: FastifyRequest) => Promise<Known | undefined>
  /** File with the token that Prometheus sends; it is read at every request, so that it can be changed. */
  readonly tokenFile: string | undefined
}

/** A shorter token could be guessed. */
const minTokenLength = 16

/**
 * Admits only those who may know today's exact counts: gauges change with every event, so reading them now and then
 * gives the number of passages in any minute, and in a town of one site, that of the site. Rejects with
 * API_UNAUTHORIZED or API_FORBIDDEN.
 */
export function createMetricsGate({ identify, tokenFile }: MetricsGateParts) {
  async function tokenNow(): Promise<string | undefined> {
    const token = tokenFile && (await readFile(tokenFile, 'utf8').catch(() => '')).trim()
    return token !== undefined && token.length >= minTokenLength ? token : undefined
  }

  return async (request: FastifyRequest): Promise<void> => {
    const [given, token] = [bearerOf(request), await tokenNow()]
    if (given !== undefined && token !== undefined && matcherOf(token)(given)) return
    const known = await identify(request)
    if (known === undefined)
      throw new LintelError(
        'API_UNAUTHORIZED',
        'metrics tell exact counts: send the token of http.metricsTokenFile, or an admin\'s, as "Authorization: Bearer TOKEN"',
      )
    if (!may(known.viewer.role, 'metrics.read'))
      throw new LintelError(
        'API_FORBIDDEN',
        `this needs metrics.read, which the role ${known.viewer.role} does not have`,
      )
  }
}
