import { type Clock, secondMs } from '../../core/clock.ts'
import { onRecord } from '../audit/on-record.ts'
import type { Viewer } from '../viewer.ts'
import type { Access } from './access.ts'
import type { Account } from './accounts.ts'
import { createThrottle, networkOf, type ThrottleKey } from './throttle.ts'

export interface Attempt {
  readonly name: string
  readonly password: string
  readonly address: string
  /** The mark of a browser: that an account has signed in on it before. */
  readonly browser?: string | undefined
}

export type SignedIn =
  | {
      readonly outcome: 'signed-in'
      readonly viewer: Viewer
      readonly session: string
      readonly browser: string
    }
  | { readonly outcome: 'failed' }
  | { readonly outcome: 'throttled'; readonly retryAfterS: number }

export interface SignIn {
  attempt(attempt: Attempt): Promise<SignedIn>
  /** For who showed otherwise who they are, by an invitation. */
  begin(account: Account, address: string): Promise<Extract<SignedIn, { outcome: 'signed-in' }>>
  /** The same again, without a sign-in: to change a password one has to know it. */
  knows(
    name: string,
    password: string,
    address: string,
  ): Promise<Exclude<SignedIn, { outcome: 'signed-in' }> | { outcome: 'known' }>
}

export type SignInParts = Pick<Access, 'accounts' | 'sessions' | 'passwords' | 'browsers' | 'audit'> & {
  readonly clock: Clock
}

export const viewerOf = ({ name, role, sites }: Account, address: string): Viewer => ({
  as: 'account',
  name,
  role,
  ...(sites === undefined ? {} : { sites }),
  address,
})

/** Names and passwords. Takes the same time whether there is such an account, and slows down who guesses. */
export function createSignIn({ accounts, sessions, passwords, browsers, audit, clock }: SignInParts): SignIn {
  const throttle = createThrottle()

  async function guess(keys: readonly ThrottleKey[], { name, password, address }: Attempt) {
    const waitMs = throttle.waitMs(keys, clock())
    if (waitMs > 0) return { outcome: 'throttled', retryAfterS: Math.ceil(waitMs / secondMs) } as const
    throttle.strike(keys, clock())
    const account = accounts.get(name)
    const isOurs = (await passwords.matches(password, account?.password)) && account?.enabled === true
    if (isOurs) {
      // An address keeps what others there have failed.
      throttle.forgive(keys, ([kind]) => kind !== 'address')
      return { outcome: 'known', account } as const
    }
    // A name that is none may be a password in the wrong field.
    const known =
      account === undefined ? ({ as: 'nobody', who: '' } as const) : ({ as: 'account', who: name } as const)
    await audit.append({ ...known, action: 'sign-in.failed', target: '', address })
    return { outcome: 'failed' } as const
  }

  async function begin(account: Account, address: string) {
    const deed = { as: 'account', who: account.name, action: 'sign-in', target: '', address } as const
    const session = await onRecord(audit, deed, () => sessions.begin(account.name, clock()))
    const browser = await browsers.mark(account)
    return { outcome: 'signed-in', viewer: viewerOf(account, address), session, browser } as const
  }

  return {
    begin,
    async attempt(attempt) {
      // A mark counts for the account that it is of, and for no other.
      const browser = browsers.keyOf(attempt.browser, accounts.get(attempt.name))
      const keys: ThrottleKey[] =
        browser === undefined
          ? [
              ['account', attempt.name],
              ['address', networkOf(attempt.address)],
            ]
          : [['browser', browser]]
      const guessed = await guess(keys, attempt)
      if (guessed.outcome !== 'known') return guessed
      const begun = await begin(guessed.account, attempt.address)
      return browser === undefined ? begun : { ...begun, browser: attempt.browser! }
    },
    knows: (name, password, address) => guess([['change', name]], { name, password, address }),
  }
}
