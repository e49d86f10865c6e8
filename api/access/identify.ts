import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import { bearerOf, matcherOf } from '../../core/http.ts'
import { addressOf } from '../../core/proxies.ts'
import type { Known } from '../guard.ts'
import { operator } from '../viewer.ts'
import type { Accounts } from './accounts.ts'
import type { ApiTokens } from './api-tokens.ts'
import { cookieOf } from './cookies.ts'
import { isSecure } from './secure.ts'
import type { Sessions } from './sessions.ts'
import { viewerOf } from './sign-in.ts'

export interface IdentifyParts {
  readonly operatorToken: string
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly tokens: ApiTokens
  readonly clock: Clock
  /** Address at which people reach the service, if configured. */
  readonly publicUrl?: string | undefined
}

/** Identifies the user by a token if there is one, else by the session cookie. */
export function createIdentify({
  operatorToken,
  accounts,
  sessions,
  tokens,
  clock,
  publicUrl,
}: IdentifyParts) {
  const isOperator = matcherOf(operatorToken)

  return async (request: FastifyRequest): Promise<Known | undefined> => {
    const address = addressOf(request)
    if (request.headers.authorization !== undefined) {
      const given = bearerOf(request)
      if (given === undefined) return undefined
      if (isOperator(given)) return { viewer: { ...operator, address }, byCookie: false }
      const token = await tokens.find(given, clock())
      if (token === undefined) return undefined
      const { name, role, sites } = token
      const siteMember = sites === undefined ? {} : { sites }
      return { viewer: { as: 'token', name, role, ...siteMember, address }, byCookie: false }
    }
    const id = cookieOf(request, 'session', isSecure(request, publicUrl))
    const name = id === undefined ? undefined : await sessions.find(id, clock())
    const account = name === undefined ? undefined : accounts.get(name)
    return account?.enabled ? { viewer: viewerOf(account, address), byCookie: true } : undefined
  }
}
