import type { Clock } from '../../core/clock.ts'
import type { Access } from '../access/access.ts'
import type { Account } from '../access/accounts.ts'
import type { Operations, UserView } from './operations.ts'

type AccessOperations = Pick<
  Operations,
  | 'listUsers' | 'addUser' | 'inviteUser' | 'setUserEnabled' | 'removeUser'
  | 'listTokens' | 'createToken' | 'revokeToken' | 'listAudit' | 'verifyAudit'
> // biome-ignore format: names

const viewOf = ({ password, ...account }: Account): UserView => ({
  ...account,
  invited: password === undefined,
})

/** Accounts, tokens, and the audit log. */
export function createAccessOperations(
  { accounts, sessions, tokens, audit }: Access,
  clock: Clock,
): AccessOperations {
  return {
    listUsers: async () => accounts.list().map(viewOf),
    async addUser(user) {
      const { name, ...invitation } = await accounts.add(user, clock())
      return { name: name!, ...invitation }
    },
    inviteUser: name => accounts.invite(name, clock()),
    async setUserEnabled(name, enabled) {
      await accounts.setEnabled(name, enabled)
      if (!enabled) await sessions.endAll(name)
    },
    async removeUser(name) {
      await accounts.remove(name)
      await sessions.endAll(name)
    },
    listTokens: async () => tokens.list(),
    createToken: ({ days, ...wanted }) => tokens.create(wanted, days, clock()),
    revokeToken: name => tokens.revoke(name),
    listAudit: async ({ after, limit }) =>
      after === undefined ? audit.latest(limit).toReversed() : audit.read(after, limit),
    verifyAudit: noted => audit.verify(noted),
  }
}
