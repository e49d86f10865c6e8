import type { Config } from '../../config/config.ts'
import type { Clock } from '../../core/clock.ts'
import type { State } from '../../core/state/state.ts'
import { type AuditLog, createAuditLog } from '../audit/audit-log.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type ApiTokens, createApiTokens } from './api-tokens.ts'
import { type Browsers, createBrowsers } from './cookies.ts'
import { createPasswords, type Passwords } from './password.ts'
import { createSessions, type Sessions } from './sessions.ts'

/** Accounts, sessions, tokens, and the record of what was done: everything is kept in the state. */
export interface Access {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly tokens: ApiTokens
  readonly audit: AuditLog
  readonly passwords: Passwords
  readonly browsers: Browsers
}

export function createAccess(
  state: State,
  clock: Clock,
  { http, audit }: Pick<Config, 'http' | 'audit'>,
  mayDelete?: () => boolean,
): Access {
  const passwords = createPasswords()
  return {
    accounts: createAccounts(state, passwords, mayDelete),
    sessions: createSessions(state, http, mayDelete),
    tokens: createApiTokens(state),
    audit: createAuditLog(state, clock, audit.keepDays, mayDelete),
    passwords,
    browsers: createBrowsers(state),
  }
}
