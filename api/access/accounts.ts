import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import type { State } from '../../core/state/state.ts'
import { hashToken, newToken } from '../../devices/registry/token.ts'
import { hasSites, type Role } from '../roles.ts'
import { RoleSchema, Sites } from '../routes/schemas.ts'
import { faultOfPassword, type Passwords } from './password.ts'

const name = Type.String({
  // The excluded letters are blank.
  pattern: '^(?:(?![\\u115f\\u1160\\u3164\\uffa0])[\\p{L}\\p{N}._@-]){1,64}$',
  description: 'Letters of any script, digits, and . _ @ -',
  examples: ['li.wei'],
})

/** Describes a new account or a new token. */
export const NewAccountSchema = Type.Object(
  { name, role: RoleSchema, sites: Type.Optional(Sites) },
  { additionalProperties: false },
)
export type NewAccount = Omit<Static<typeof NewAccountSchema>, 'role'> & { role: Role }

export interface Account extends NewAccount {
  readonly enabled: boolean
  readonly createdAt: number
  /** In the PHC string format; absent until the invitation has been accepted. */
  readonly password?: string
}

/** Lets somebody set a name and a password, once. */
export interface Invitation {
  /** Absent for the first admin, who chooses the name. */
  readonly name?: string
  readonly role: Role
  readonly expiresAt: number
}

export interface Accounts {
  get(name: string): Account | undefined
  list(): Account[]
  /** Returns the secret of the invitation. Throws ACCOUNT_INVALID or ACCOUNT_EXISTS. */
  add(account: unknown, now: number): Promise<Invitation & { secret: string }>
  /**
   * Makes a new invitation and voids the previous one. Without a name it is for the first admin, and valid until there
   * is one. Throws ACCOUNT_NOT_FOUND, ACCOUNT_INVALID for a disabled account, or ACCOUNT_EXISTS for a first admin if
   * there is one.
   */
  invite(name: string | undefined, now: number): Promise<Invitation & { secret: string }>
  /** Throws INVITATION_INVALID. */
  invitation(secret: string, now: number): Invitation
  /** Sets the password and uses up the invitation. Throws INVITATION_INVALID, ACCOUNT_INVALID or ACCOUNT_EXISTS. */
  accept(secret: string, name: string, password: string, now: number): Promise<Account>
  /** Throws ACCOUNT_INVALID or ACCOUNT_NOT_FOUND. */
  setPassword(name: string, password: string): Promise<void>
  /** Throws ACCOUNT_NOT_FOUND. */
  setEnabled(name: string, enabled: boolean): Promise<void>
  /** Throws ACCOUNT_NOT_FOUND. */
  remove(name: string): Promise<void>
}

const invitedForMs = dayMs
const maxAccounts = 1000
/** Names in the audit log that are not accounts. */
const reserved = ['operator', 'nobody']
const validator = Compile(NewAccountSchema)

/** The fault in the name, role or sites; undefined if there is none. */
export function faultOfAccount(value: unknown): string | undefined {
  if (!validator.Check(value)) {
    const { instancePath, message, params } = validator.Errors(value)[0]!
    const { allowedValues } = params as { allowedValues?: string[] }
    const member = instancePath.slice(1).split('/')[0]!
    if (member === 'name') return 'name must be 1 to 64 letters, digits and . _ @ -'
    return allowedValues
      ? `${member} must be one of ${allowedValues.join(', ')}`
      : `${member} ${message}`.trim()
  }
  if (reserved.includes(value.name)) return `${value.name} is not a name that one can have`
  const { role, sites = [] } = value as NewAccount
  if (hasSites(role) && sites.length === 0) return `${role} needs the sites that it is for`
  if (!hasSites(role) && sites.length > 0) return `${role} is not of single sites; duty is`
  return undefined
}

/** `mayDelete` is false while the clock is in doubt: an expired invitation is then useless, but not deleted. */
export function createAccounts(state: State, passwords: Passwords, mayDelete = () => true): Accounts {
  const accounts = state.table<Account>('account')
  const invitations = state.table<Invitation>('invitation')
  const missing = (name: string) => new LintelError('ACCOUNT_NOT_FOUND', `no account is called ${name}`)
  const isFirst = () => [...accounts.entries()].every(([, { password }]) => password === undefined)

  function assertFree(name: string): void {
    if (accounts.get(name) !== undefined)
      throw new LintelError('ACCOUNT_EXISTS', `there is an account called ${name}`)
    if ([...accounts.entries({ limit: maxAccounts })].length === maxAccounts)
      throw new LintelError('ACCOUNT_INVALID', `there are ${maxAccounts} accounts: remove one`)
  }

  /** Call inside a transaction. */
  function invite(invitation: Omit<Invitation, 'expiresAt'>, now: number) {
    for (const [key, { name, expiresAt }] of invitations.entries())
      if (name === invitation.name || (expiresAt <= now && mayDelete())) invitations.remove(key)
    const secret = newToken()
    const invited = { ...invitation, expiresAt: now + invitedForMs }
    invitations.put(hashToken(secret), invited)
    return { ...invited, secret }
  }

  async function change(name: string, next: (known: Account) => Account | undefined): Promise<void> {
    await state.transact(() => {
      const known = accounts.get(name)
      if (known === undefined) throw missing(name)
      const wanted = next(known)
      if (wanted === undefined) accounts.remove(name)
      else accounts.put(name, wanted)
    })
  }

  async function hashed(name: string, password: string): Promise<string> {
    const fault = faultOfPassword(password, name)
    if (fault !== undefined) throw new LintelError('ACCOUNT_INVALID', fault)
    return passwords.hash(password)
  }

  function find(secret: string, now: number): Invitation {
    const found = invitations.get(hashToken(secret))
    const isOpen = found !== undefined && found.expiresAt > now
    // An invitation for the first admin must not create a second one.
    if (isOpen && (found.name === undefined ? isFirst() : accounts.get(found.name)?.enabled)) return found
    throw new LintelError(
      'INVITATION_INVALID',
      'this link was used, replaced by a newer one, or is older than a day: lintel user invite makes a new one',
    )
  }

  return {
    get: name => accounts.get(name),
    list: () => [...accounts.entries()].map(([, account]) => account),
    add: (account, now) =>
      state.transact(() => {
        const fault = faultOfAccount(account)
        if (fault !== undefined) throw new LintelError('ACCOUNT_INVALID', fault)
        const { name, role, sites = [] } = account as NewAccount
        assertFree(name)
        const siteMember = sites.length === 0 ? {} : { sites }
        accounts.put(name, { name, role, ...siteMember, enabled: true, createdAt: now })
        return invite({ name, role }, now)
      }),
    invite: (name, now) =>
      state.transact(() => {
        if (name === undefined) {
          if (isFirst()) return invite({ role: 'admin' }, now)
          throw new LintelError('ACCOUNT_EXISTS', 'there are accounts: say which one the link is for')
        }
        const known = accounts.get(name)
        if (known === undefined) throw missing(name)
        if (!known.enabled) throw new LintelError('ACCOUNT_INVALID', `${name} is disabled: enable it first`)
        return invite({ name, role: known.role }, now)
      }),
    invitation: find,
    async accept(secret, chosen, password, now) {
      const { name = chosen, role } = find(secret, now)
      const fault = accounts.get(name) === undefined ? faultOfAccount({ name, role }) : undefined
      if (fault !== undefined) throw new LintelError('ACCOUNT_INVALID', fault)
      const hash = await hashed(name, password)
      return state.transact(() => {
        // It may have been used while the password was being hashed.
        const invited = find(secret, now)
        if (invited.name === undefined) assertFree(name)
        const known = accounts.get(name) ?? { name, role, enabled: true, createdAt: now }
        const account = { ...known, password: hash }
        accounts.put(name, account)
        invitations.remove(hashToken(secret))
        return account
      })
    },
    async setPassword(name, password) {
      const hash = await hashed(name, password)
      await change(name, known => ({ ...known, password: hash }))
    },
    setEnabled: (name, enabled) => change(name, known => ({ ...known, enabled })),
    remove: name => change(name, () => undefined),
  }
}
