import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAccess } from '../../api/access/access.ts'
import { createApp } from '../../api/app.ts'
import { audited } from '../../api/audit/audited.ts'
import { createAccessOperations } from '../../api/operations/access-operations.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { parseConfig } from '../../config/config.ts'
import { hourMs } from '../../core/clock.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { State } from '../../core/state/state.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const password = 'a sentence that is long'

/** An API with an admin, li, whose clock stands still until it is set. */
async function setUp(http: object = {}, state: State = createMemoryState()) {
  const config = parseConfig({ http })
  const time = {
    now: 1_000_000,
    pass(ms: number) {
      time.now += ms
    },
  }
  const clock = () => time.now
  const access = createAccess(state, clock, config)
  const operations = {
    ...createAccessOperations(access, clock),
    listDevices: async () => [],
  } as unknown as Operations
  const { app } = createApp({
    operations: viewer => audited(operations, viewer, access.audit),
    access,
    operatorToken: 'secret',
    config,
    clock,
  })
  const { secret } = await access.accounts.invite(undefined, time.now)
  await access.accounts.accept(secret, 'li', password, time.now)

  const signIn = (given: object = {}, headers: Record<string, string> = {}, remoteAddress = '10.0.0.1') =>
    app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers,
      payload: { name: 'li', password, ...given },
      remoteAddress,
    })
  const cookieOf = (answer: Awaited<ReturnType<typeof signIn>>, name = 'session') => {
    const found = answer.cookies.find(cookie => cookie.name.endsWith(`lintel_${name}`))
    return `${found!.name}=${found!.value}`
  }
  const me = async (cookie: string) =>
    (await app.inject({ url: '/api/v1/me', headers: { cookie } })).statusCode
  const deeds = () => access.audit.latest(100).map(({ who, action }) => `${who} ${action}`.trim())
  return { app, access, time, signIn, cookieOf, me, deeds }
}

const own = { 'x-lintel': '1' }

/** Each as its name and value, then its attributes in the order of their names. */
function cookiesSet({ headers }: { headers: Record<string, unknown> }): string[][] {
  const set = headers['set-cookie'] as string[]
  expect(set).toHaveLength(2)
  return set.map(header => {
    const [cookie, ...attributes] = header.split('; ')
    return [cookie!, ...attributes.sort()]
  })
}

describe('signing in', () => {
  test('sets a cookie that scripts and other sites do not get, and says who one is', async () => {
    const { signIn, cookieOf, me, app, deeds } = await setUp()
    const answer = await signIn()
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ as: 'account', name: 'li', role: 'admin', zone: 'Asia/Shanghai' })
    for (const [cookie, ...attributes] of cookiesSet(answer)) {
      expect(cookie).toMatch(/^lintel_\w+=[\w.-]+$/)
      expect(attributes).toEqual([
        'HttpOnly',
        expect.stringMatching(/^Max-Age=\d+$/),
        'Path=/',
        'SameSite=Strict',
      ])
    }
    const cookie = cookieOf(answer)
    expect(await me(cookie)).toBe(200)
    const out = await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie, ...own } })
    expect(out.statusCode).toBe(204)
    expect(await me(cookie)).toBe(401)
    expect(deeds()).toEqual(['li sign-out', 'li sign-in'])
  })

  const secure = [
    { title: 'where its public address says so', http: { publicUrl: 'https://lintel.example' }, headers: {} },
    { title: 'where a proxy that is trusted says so', http: { trustProxy: ['10.0.0.1'] }, headers: { 'x-forwarded-proto': 'https' } },
  ] // biome-ignore format: a table
  for (const { title, http, headers } of secure) {
    test(`sets a cookie that goes over TLS alone ${title}`, async () => {
      const { signIn, cookieOf, me } = await setUp(http)
      const answer = await signIn({}, headers as Record<string, string>)
      for (const [cookie, ...attributes] of cookiesSet(answer)) {
        expect(cookie).toMatch(/^__Host-lintel_\w+=[\w.-]+$/)
        expect(attributes).toContain('Secure')
      }
      expect(await me(cookieOf(answer))).toBe(200)
    })
  }

  test('counts over TLS by the cookie alone that no other site of the domain can set', async () => {
    const { signIn, cookieOf, me } = await setUp({ publicUrl: 'https://lintel.example' })
    const [key, value] = cookieOf(await signIn()).split('=')
    expect(key).toBe('__Host-lintel_session')
    expect(await me(`lintel_session=${value}`)).toBe(401)
    expect(await me(`lintel_session=planted; ${key}=${value}`)).toBe(200)
  })

  test('believes nobody else about a proxy', async () => {
    const { signIn, access } = await setUp()
    const answer = await signIn({}, { 'x-forwarded-proto': 'https', 'x-forwarded-for': '1.2.3.4' })
    for (const [cookie, ...attributes] of cookiesSet(answer)) {
      expect(cookie).toMatch(/^lintel_/)
      expect(attributes).not.toContain('Secure')
    }
    expect(access.audit.latest(1)[0]).toMatchObject({ address: '10.0.0.1' })
  })

  const wrong = [
    { title: 'with a wrong password', given: { password: 'wrong' }, who: 'li' },
    { title: 'with a name that is none', given: { name: 'my secret password' }, who: '' },
    { title: 'with an empty password', given: { password: '' }, who: 'li' },
  ]
  for (const { title, given, who } of wrong) {
    test(`fails ${title}, and what was typed is not on record`, async () => {
      const { signIn, access } = await setUp()
      const answer = await signIn(given)
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'SIGN_IN_FAILED'])
      expect(answer.headers).not.toHaveProperty('set-cookie')
      const [entry] = access.audit.latest(1)
      expect(entry).toMatchObject({ action: 'sign-in.failed', who, target: '' })
    })
  }

  test('fails for an account that is disabled, and one that has not taken its invitation', async () => {
    const { signIn, access } = await setUp()
    await access.accounts.add({ name: 'new', role: 'analyst' }, 0)
    expect((await signIn({ name: 'new' })).statusCode).toBe(401)
    await access.accounts.setEnabled('li', false)
    expect((await signIn()).statusCode).toBe(401)
  })

  test('has room for a name and a password, and no more', async () => {
    const { signIn } = await setUp()
    expect((await signIn({ password: 'x'.repeat(20_000) })).statusCode).toBe(413)
    expect((await signIn({ password: 'x'.repeat(2000) })).statusCode).toBe(400)
  })

  test('is slowed down: ten wrong passwords, then 429 and how long to wait', async () => {
    const { signIn, time } = await setUp()
    for (let n = 0; n < 10; n++) expect((await signIn({ password: 'x' })).statusCode).toBe(401)
    const slowed = await signIn()
    expect([slowed.statusCode, slowed.headers['retry-after']]).toEqual([429, '1'])
    expect(slowed.json().code).toBe('SIGN_IN_THROTTLED')
    time.pass(999)
    expect((await signIn()).statusCode).toBe(429)
    time.pass(1)
    expect((await signIn()).statusCode).toBe(200)
    expect((await signIn({ password: 'x' })).statusCode).toBe(401)
  })

  test('behind a proxy is slowed down by address, whatever ports and words it says of who asks', async () => {
    const { signIn } = await setUp({ trustProxy: ['10.0.0.1'] })
    const said = (n: number) => ['6.6.6.6', `6.6.6.6:${1000 + n}`, `garbage${n}`, `unknown-${n}`][n % 4]!
    const statuses: number[] = []
    for (let n = 0; n < 50; n++)
      statuses.push((await signIn({ name: `n${n}` }, { 'x-forwarded-for': said(n) })).statusCode)
    // Twenty of the address, and twenty of the proxy for what is none.
    expect(statuses.filter(status => status === 401)).toHaveLength(40)
  })

  test('is slowed down as much where all guesses come at once', async () => {
    const { signIn } = await setUp()
    const answers = await Promise.all(Array.from({ length: 25 }, () => signIn({ password: 'x' })))
    expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(10)
  })

  test('from one address is slowed down whatever names are tried', async () => {
    const { signIn } = await setUp()
    const tried = await Promise.all(Array.from({ length: 25 }, (_, n) => signIn({ name: `n${n}` })))
    expect(tried.filter(({ statusCode }) => statusCode === 401)).toHaveLength(20)
    expect((await signIn({}, {}, '10.0.0.2')).statusCode).toBe(200)
  })

  test('stays open to one of ours on a browser of theirs, however a stranger guesses', async () => {
    const { signIn, cookieOf, time } = await setUp()
    const cookie = cookieOf(await signIn(), 'browser')
    for (let n = 0; n < 40; n++) {
      await signIn({ password: 'x' }, {}, `10.9.0.${n}`)
      time.pass(100)
    }
    expect((await signIn()).statusCode).toBe(429)
    expect((await signIn({}, { cookie })).statusCode).toBe(200)
    const forged = { cookie: `${cookie.slice(0, -5)}AAAAA` }
    expect((await signIn({}, forged)).statusCode).toBe(429)
    for (let n = 0; n < 5; n++) await signIn({ password: 'x' }, { cookie })
    expect((await signIn({ password: 'x' }, { cookie })).statusCode).toBe(429)
  })

  test('is slowed down as much for who signs in to an account of theirs between two guesses', async () => {
    const { signIn, cookieOf, access } = await setUp()
    const { secret } = await access.accounts.add({ name: 'ana', role: 'analyst' }, 0)
    await access.accounts.accept(secret, '', password, 0)
    const ana = () => signIn({ name: 'ana' }, { cookie }, '10.0.0.3')
    let cookie = cookieOf(await signIn({ name: 'ana' }, {}, '10.0.0.3'), 'browser')
    const statuses: number[] = []
    for (let n = 0; n < 30; n++) {
      statuses.push((await signIn({ password: 'x' }, { cookie }, '10.0.0.3')).statusCode)
      if (n % 4 !== 3) continue
      const again = await ana()
      if (again.statusCode === 200) cookie = cookieOf(again, 'browser')
    }
    expect(statuses.filter(status => status === 401)).toHaveLength(10)
    expect((await signIn({ password: 'x' }, {}, '10.0.0.4')).statusCode).toBe(429)
  })

  test('has no use for the mark of an account that was removed, even for one of its name', async () => {
    const { signIn, cookieOf, access, time } = await setUp()
    const invite = async () => {
      time.pass(1000)
      const { secret } = await access.accounts.add({ name: 'ana', role: 'analyst' }, time.now)
      await access.accounts.accept(secret, '', password, time.now)
    }
    await invite()
    const cookie = cookieOf(await signIn({ name: 'ana' }), 'browser')
    await access.accounts.remove('ana')
    await invite()
    for (let n = 0; n < 10; n++) await signIn({ name: 'ana', password: 'x' }, {}, `10.9.0.${n}`)
    expect((await signIn({ name: 'ana' }, { cookie })).statusCode).toBe(429)
  })
})

describe('what a browser is told', () => {
  test('is to come by TLS alone, wherever it does, and by the names of the service', async () => {
    const { app } = await setUp({ publicUrl: 'https://lintel.example' })
    const headers = (host: string) => ({ host })
    for (const host of ['lintel.example', '127.0.0.1:8080', '[::1]:8080', 'localhost:8080', 'lintel:8080']) {
      const answer = await app.inject({ url: '/api/v1/me', headers: headers(host) })
      expect([host, answer.statusCode, answer.headers['strict-transport-security']]).toEqual([
        host,
        401,
        'max-age=31536000',
      ])
    }
    for (const host of ['evil.example', 'lintel.example.evil.example', '127.0.0.1.evil.example']) {
      const answer = await app.inject({ url: '/', headers: headers(host) })
      expect([host, answer.statusCode, answer.json().code]).toEqual([host, 421, 'API_HOST_UNKNOWN'])
    }
    const plainly = await (await setUp()).app.inject({ url: '/', headers: headers('any.example') })
    expect([plainly.statusCode, plainly.headers['strict-transport-security']]).toEqual([200, undefined])
  })

  test('of the process is told to those whom the service knows', async () => {
    const { app } = await setUp()
    const health = async (headers: Record<string, string>) =>
      (await app.inject({ url: '/api/v1/health', headers })).json()
    expect(await health({})).not.toHaveProperty('pid')
    expect(await health({ authorization: 'Bearer wrong' })).not.toHaveProperty('pid')
    expect(await health({ authorization: 'Bearer secret' })).toMatchObject({ status: 'ok', pid: process.pid })
  })

  test('of a page is which methods it has, to everybody', async () => {
    const { app } = await setUp()
    const answer = await app.inject({ method: 'POST', url: '/' })
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect((await app.inject({ method: 'POST', url: '/api/v1/devices/d1' })).statusCode).toBe(401)
  })
})

describe('a session', () => {
  test('that is used stays, and ends to the second when it is not', async () => {
    const { signIn, cookieOf, me, time } = await setUp({ sessionIdleS: 60 })
    const cookie = cookieOf(await signIn())
    for (let n = 0; n < 10; n++) {
      time.pass(59_999)
      expect(await me(cookie)).toBe(200)
    }
    time.pass(60_000)
    expect(await me(cookie)).toBe(401)
  })

  const ends = [
    { title: 'when it was not used', act: async ({ time }: Parts) => time.pass(8 * hourMs) },
    {
      title: 'when its account is disabled',
      act: ({ access }: Parts) => access.accounts.setEnabled('li', false),
    },
    { title: 'when its account is removed', act: ({ access }: Parts) => access.accounts.remove('li') },
  ]
  type Parts = Awaited<ReturnType<typeof setUp>>
  for (const { title, act } of ends) {
    test(`ends ${title}`, async () => {
      const parts = await setUp()
      const cookie = parts.cookieOf(await parts.signIn())
      await act(parts)
      expect(await parts.me(cookie)).toBe(401)
    })
  }

  test('does not come back with an account that is enabled again', async () => {
    const { app, signIn, cookieOf, me } = await setUp()
    const cookie = cookieOf(await signIn())
    const change = (verb: string) =>
      app.inject({
        method: 'POST',
        url: `/api/v1/users/li/${verb}`,
        headers: { authorization: 'Bearer secret' },
      })
    await change('disable')
    await change('enable')
    expect(await me(cookie)).toBe(401)
  })

  test('goes on where its password is changed, and all others of the account end', async () => {
    const { app, signIn, cookieOf, me, deeds } = await setUp()
    const [here, there] = [cookieOf(await signIn()), cookieOf(await signIn())]
    const change = (payload: object, cookie = here) =>
      app.inject({ method: 'PUT', url: '/api/v1/me/password', headers: { cookie, ...own }, payload })
    const wrong = await change({ password: 'wrong', newPassword: 'another long sentence' })
    expect([wrong.statusCode, wrong.json().code]).toEqual([401, 'SIGN_IN_FAILED'])
    const weak = await change({ password, newPassword: 'short' })
    expect([weak.statusCode, weak.json().code]).toEqual([400, 'ACCOUNT_INVALID'])
    const changed = await change({ password, newPassword: 'another long sentence' })
    expect(changed.statusCode).toBe(200)
    expect(await Promise.all([here, there, cookieOf(changed)].map(me))).toEqual([401, 401, 200])
    expect((await signIn()).statusCode).toBe(401)
    expect(deeds()).toContain('li password.change')
  })

  const post = { method: 'POST', url: '/api/v1/users', payload: { name: 'x', role: 'admin' } } as const
  const forged = [
    { title: 'without our header', headers: {} },
    { title: 'from a page of another site', headers: { ...own, origin: 'https://evil.example' } },
    { title: 'that the browser calls cross-site', headers: { ...own, 'sec-fetch-site': 'cross-site' } },
    { title: 'that the browser calls same-site', headers: { ...own, 'sec-fetch-site': 'same-site' } },
    { title: 'of no origin', headers: { ...own, origin: 'null' } },
  ]
  for (const { title, headers } of forged) {
    test(`does not carry a change ${title}`, async () => {
      const { app, access, signIn, cookieOf } = await setUp()
      const cookie = cookieOf(await signIn())
      const answer = await app.inject({ ...post, headers: { cookie, ...headers } as Record<string, string> })
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'API_CROSS_SITE'])
      expect(access.accounts.get('x')).toBeUndefined()
    })
  }

  test('carries a change from a page of ours; a token needs no page', async () => {
    const { app, signIn, cookieOf } = await setUp()
    const cookie = cookieOf(await signIn())
    const ours = {
      ...own,
      cookie,
      host: 'here:80',
      origin: 'http://here:80',
      'sec-fetch-site': 'same-origin',
    }
    expect((await app.inject({ ...post, headers: ours })).statusCode).toBe(201)
    const headers = { authorization: 'Bearer secret', cookie }
    expect((await app.inject({ ...post, payload: { name: 'y', role: 'admin' }, headers })).statusCode).toBe(
      201,
    )
  })

  test('cannot be begun by a page of another site', async () => {
    const { signIn } = await setUp()
    expect((await signIn({}, { origin: 'https://evil.example' })).statusCode).toBe(403)
  })

  test('says nothing of itself to other origins', async () => {
    const { app } = await setUp()
    const answer = await app.inject({
      method: 'OPTIONS',
      url: '/api/v1/users',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.statusCode).toBeGreaterThanOrEqual(400)
  })
})

describe('an invitation', () => {
  test('is looked at, taken once by who is invited, and signs them in', async () => {
    const { app, access, deeds, me, cookieOf } = await setUp()
    const { secret } = await access.accounts.add({ name: '王芳', role: 'duty', sites: ['南社'] }, 1_000_000)
    const ask = (url: string, payload: object) =>
      app.inject({ method: 'POST', url: `/api/v1/invitation${url}`, payload })
    expect((await ask('', { secret })).json()).toMatchObject({ name: '王芳', role: 'duty' })
    const weak = await ask('/accept', { secret, password: 'short' })
    expect([weak.statusCode, weak.json().code]).toEqual([400, 'ACCOUNT_INVALID'])
    const taken = await ask('/accept', { secret, password })
    expect(taken.json()).toMatchObject({ name: '王芳', sites: ['南社'] })
    expect(await me(cookieOf(taken))).toBe(200)
    for (const again of [await ask('', { secret }), await ask('/accept', { secret, password })])
      expect([again.statusCode, again.json().code]).toEqual([410, 'INVITATION_INVALID'])
    expect(deeds()).toEqual(['王芳 sign-in', '王芳 invitation.accept'])
  })
})

test('no secret lies in the state directory: of passwords, tokens, sessions and links there are hashes', async () => {
  const directory = await temporaryDirectory()
  const state = openLmdbState({ directory })
  onTestFinished(() => state.close())
  const { access, signIn, cookieOf } = await setUp({}, state)
  const signedIn = await signIn()
  const { token } = await access.tokens.create({ name: 'grafana', role: 'analyst' }, 1, 0)
  const { secret } = await access.accounts.add({ name: 'wang', role: 'analyst' }, 0)
  const secrets = [
    password,
    token,
    secret,
    cookieOf(signedIn).split('=')[1]!,
    cookieOf(signedIn, 'browser').split('=')[1]!,
  ]
  const bytes = Buffer.concat(readdirSync(directory).map(name => readFileSync(join(directory, name))))
  expect(bytes.includes('grafana')).toBe(true)
  for (const each of secrets) {
    expect(bytes.includes(each)).toBe(false)
    expect(bytes.includes(each.replace('lintel_', ''))).toBe(false)
  }
})

describe('the page', () => {
  for (const url of ['/', '/invite', '/page.js', '/tables.js', '/texts.js', '/page.css']) {
    test(`${url} is there for everybody, and loads nothing from elsewhere`, async () => {
      const { app } = await setUp()
      const answer = await app.inject(url)
      expect(answer.statusCode).toBe(200)
      const policy = String(answer.headers['content-security-policy'])
      expect(policy).toMatch(/^default-src 'none'; /)
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(answer.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\/| on\w+="|<style|<script>/)
    })
  }
})
