import { dayMs, hourMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import { hashToken, newToken } from '../../devices/registry/token.ts'
import type { Role } from '../roles.ts'
import { faultOfAccount, type NewAccount } from './accounts.ts'

export interface ApiToken {
  readonly name: string
  readonly role: Role
  readonly sites?: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  /** Rounded down to the hour. */
  readonly lastUsedAt?: number
}

/** Tokens of programs and of command lines on other machines. Only a hash is stored. */
export interface ApiTokens {
  list(): ApiToken[]
  /** Returns the token, which cannot be read again. Throws ACCOUNT_INVALID or TOKEN_EXISTS. */
  create(wanted: unknown, days: number, now: number): Promise<ApiToken & { token: string }>
  /** Throws TOKEN_NOT_FOUND. */
  revoke(name: string): Promise<void>
  /** Undefined if it is unknown, was revoked or has expired. */
  find(token: string, now: number): Promise<ApiToken | undefined>
}

/** Lets a search find a token that leaked into a log or a repository. */
export const tokenPrefix = 'lintel_'
export const maxTokenDays = 3650
const maxTokens = 1000
const usedEveryMs = hourMs

export function createApiTokens(state: State): ApiTokens {
  const tokens = state.table<ApiToken>('token')
  const all = () => [...tokens.entries()].sort(([, a], [, b]) => (a.name < b.name ? -1 : 1))

  return {
    list: () => all().map(([, token]) => token),
    async create(wanted, days, now) {
      const fault = faultOfAccount(wanted)
      if (fault !== undefined) throw new LintelError('ACCOUNT_INVALID', fault)
      if (!Number.isInteger(days) || days < 1 || days > maxTokenDays)
        throw new LintelError('ACCOUNT_INVALID', `days must be a whole number from 1 to ${maxTokenDays}`)
      const { name, role, sites = [] } = wanted as NewAccount
      const token = tokenPrefix + newToken()
      return state.transact(() => {
        const known = all()
        if (known.some(([, other]) => other.name === name))
          throw new LintelError('TOKEN_EXISTS', `there is a token called ${name}: revoke it first`)
        if (known.length >= maxTokens)
          throw new LintelError('ACCOUNT_INVALID', `there are ${maxTokens} tokens: revoke one`)
        const siteMember = sites.length === 0 ? {} : { sites }
        const row = { name, role, ...siteMember, createdAt: now, expiresAt: now + days * dayMs }
        tokens.put(hashToken(token), row)
        return { ...row, token }
      })
    },
    revoke: name =>
      state.transact(() => {
        const found = all().find(([, token]) => token.name === name)
        if (found === undefined) throw new LintelError('TOKEN_NOT_FOUND', `no token is called ${name}`)
        tokens.remove(found[0])
      }),
    async find(token, now) {
      if (!token.startsWith(tokenPrefix)) return undefined
      const key = hashToken(token)
      const found = tokens.get(key)
      if (found === undefined || found.expiresAt <= now) return undefined
      if (now - (found.lastUsedAt ?? 0) < usedEveryMs) return found
      const mark = state.transact(() => {
        if (tokens.get(key) !== undefined)
          tokens.put(key, { ...found, lastUsedAt: now - (now % usedEveryMs) })
      })
      // A full disk must not keep anybody out.
      await mark.catch(() => {})
      return found
    },
  }
}
