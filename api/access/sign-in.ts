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
  /** Mark of a browser in which an account has signed in before. */
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
  /** For somebody who was identified otherwise, by an invitation. */
  begin(account: Account, address: string): Promise<Extract<SignedIn, { outcome: 'signed-in' }>>
  /** Checks the password without signing in: changing a password requires knowing it. */
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

/** Signs in by name and password. Takes the same time whether or not the account exists, and slows down guessing. */
export function createSignIn({ accounts, sessions, passwords, browsers, audit, clock }: SignInParts): SignIn {
  const throttle = createThrottle()

  async function guess(keys: readonly ThrottleKey[], { name, password, address }: Attempt) {
    const waitMs = throttle.waitMs(keys, clock())
    if (waitMs > 0) return { outcome: 'throttled', retryAfterS: Math.ceil(waitMs / secondMs) } as const
    throttle.strike(keys, clock())
    const account = accounts.get(name)
    const isOurs = (await passwords.matches(password, account?.password)) && account?.enabled === true
    if (isOurs) {
      // The address keeps failures of others.
      throttle.forgive(keys, ([kind]) => kind !== 'address')
      return { outcome: 'known', account } as const
    }
    // An unknown name may be a password typed into the wrong field, so it is not recorded.
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
      // A mark counts only for its own account.
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
