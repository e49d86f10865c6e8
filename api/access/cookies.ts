import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { State } from '../../core/state/state.ts'
import { newToken } from '../../devices/registry/token.ts'

/** `session`: who is signed in. `browser`: that somebody of ours once signed in here. */
export type CookieName = 'session' | 'browser'

/** What a browser has of ours, if it is well formed. Of two of one name, the first. */
export function cookieOf({ headers }: FastifyRequest, name: CookieName): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if ((key === `__Host-lintel_${name}` || key === `lintel_${name}`) && /^[\w.-]{1,200}$/.test(value ?? ''))
      return value
  }
  return undefined
}

/** Set-Cookie. Scripts cannot read it and other sites' pages do not send it; over TLS nothing else but TLS does. */
export function setCookie(name: CookieName, value: string, maxAgeS: number, secure: boolean): string {
  const key = secure ? `__Host-lintel_${name}; Secure` : `lintel_${name}`
  const [text, ...attributes] = key.split('; ')
  return [
    `${text}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${maxAgeS}`,
    ...attributes,
  ].join('; ')
}

/** Marks of browsers on which somebody has signed in; nothing of them is kept but the key that tells them. */
export interface Browsers {
  mark(): Promise<string>
  /** What its failures are counted under; undefined for a mark that is none of ours. */
  keyOf(mark: string | undefined): string | undefined
}

export function createBrowsers(state: State): Browsers {
  const secrets = state.table<string>('secret')
  const sign = (secret: string, nonce: string) => createHmac('sha256', secret).update(nonce).digest()
  const makeSecret = () =>
    state.transact(() => {
      const secret = secrets.get('browser') ?? newToken()
      secrets.put('browser', secret)
      return secret
    })
  return {
    async mark() {
      const nonce = randomBytes(12).toString('base64url')
      const secret = secrets.get('browser') ?? (await makeSecret())
      return `${nonce}.${sign(secret, nonce).toString('base64url')}`
    },
    keyOf(mark) {
      const secret = secrets.get('browser')
      const [nonce = '', given = ''] = mark?.split('.') ?? []
      if (secret === undefined) return undefined
      const signature = Buffer.from(given, 'base64url')
      const wanted = sign(secret, nonce)
      return signature.length === wanted.length && timingSafeEqual(signature, wanted) ? nonce : undefined
    },
  }
}
