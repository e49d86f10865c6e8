import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyRequest } from 'fastify'
import type { State } from '../../core/state/state.ts'
import { newToken } from '../../devices/registry/token.ts'

/** `session`: who is signed in. `browser`: an account of ours has signed in here before. */
export type CookieName = 'session' | 'browser'

/** With `secure`, the name has a prefix that other sites of the domain, and connections without TLS, cannot set. */
const nameOf = (name: CookieName, secure: boolean) => `${secure ? '__Host-' : ''}lintel_${name}`

/** One of our cookies, if well formed; over TLS only one that was set over TLS. If two have the same name, the first counts. */
export function cookieOf({ headers }: FastifyRequest, name: CookieName, secure: boolean): string | undefined {
  const wellFormed = (value: string) => (/^[\w.-]{1,200}$/.test(value) ? value : undefined)
  const given = parseCookie(headers.cookie ?? '', { decode: wellFormed })
  return given[nameOf(name, true)] ?? (secure ? undefined : given[nameOf(name, false)])
}

/** A Set-Cookie header. Scripts cannot read the cookie, pages of other sites do not send it, and over TLS it is sent over TLS only. */
export function setCookie(name: CookieName, value: string, maxAgeS: number, secure: boolean): string {
  return stringifySetCookie({
    name: nameOf(name, secure),
    value,
    maxAge: maxAgeS,
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure,
  })
}

/** The account that a mark belongs to. An account that was removed and created again is a different one. */
export interface Marked {
  readonly name: string
  readonly createdAt: number
}

/** Marks for browsers in which an account has signed in. Only the key that verifies them is stored. */
export interface Browsers {
  mark(account: Marked): Promise<string>
  /** The key under which its failures are counted; undefined if the mark belongs to another account. */
  keyOf(mark: string | undefined, account: Marked | undefined): string | undefined
}

export function createBrowsers(state: State): Browsers {
  const secrets = state.table<string>('secret')
  const sign = (secret: string, nonce: string, { name, createdAt }: Marked) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([nonce, name, createdAt]))
      .digest()
  const makeSecret = () =>
    state.transact(() => {
      const secret = secrets.get('browser') ?? newToken()
      secrets.put('browser', secret)
      return secret
    })
  return {
    async mark(account) {
      const nonce = randomBytes(12).toString('base64url')
      const secret = secrets.get('browser') ?? (await makeSecret())
      return `${nonce}.${sign(secret, nonce, account).toString('base64url')}`
    },
    keyOf(mark, account) {
      const secret = secrets.get('browser')
      const [nonce = '', given = ''] = mark?.split('.') ?? []
      if (secret === undefined || account === undefined) return undefined
      const signature = Buffer.from(given, 'base64url')
      const wanted = sign(secret, nonce, account)
      return signature.length === wanted.length && timingSafeEqual(signature, wanted) ? nonce : undefined
    },
  }
}
