import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyRequest } from 'fastify'
import type { State } from '../../core/state/state.ts'
import { newToken } from '../../devices/registry/token.ts'

/** `session`: who is signed in. `browser`: that an account of ours once signed in here. */
export type CookieName = 'session' | 'browser'

/** With `secure`, a name that no other site of the domain, and nothing that is not TLS, can set. */
const nameOf = (name: CookieName, secure: boolean) => `${secure ? '__Host-' : ''}lintel_${name}`

/** A cookie of ours, if it is well formed; over TLS only one that TLS has set. The first counts where two have one name. */
export function cookieOf({ headers }: FastifyRequest, name: CookieName, secure: boolean): string | undefined {
  const wellFormed = (value: string) => (/^[\w.-]{1,200}$/.test(value) ? value : undefined)
  const given = parseCookie(headers.cookie ?? '', { decode: wellFormed })
  return given[nameOf(name, true)] ?? (secure ? undefined : given[nameOf(name, false)])
}

/** Set-Cookie. Scripts cannot read it and other sites' pages do not send it; over TLS nothing else but TLS does. */
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

/** The account that a mark belongs to. An account that was removed and made again is another. */
export interface Marked {
  readonly name: string
  readonly createdAt: number
}

/** Marks of browsers: that this account has signed in there. Nothing of them is kept but the key that tells them. */
export interface Browsers {
  mark(account: Marked): Promise<string>
  /** The key under which its failures are counted; undefined for a mark of another account. */
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
