import { describe, expect, test } from 'vitest'
import { createAccounts, faultOfAccount } from '../../api/access/accounts.ts'
import { createApiTokens } from '../../api/access/api-tokens.ts'
import { createPasswords, faultOfPassword } from '../../api/access/password.ts'
import { createSessions } from '../../api/access/sessions.ts'
import { networkOf, strike, throttleRules, waitMs } from '../../api/access/throttle.ts'
import { dayMs, hourMs, minuteMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'

const password = 'a sentence that is long'
const setUp = () => {
  const state = createMemoryState()
  return { state, accounts: createAccounts(state, createPasswords()) }
}

describe('an account', () => {
  const wrong = [
    { account: {}, fault: /name/ },
    { account: { name: '', role: 'admin' }, fault: /name must be 1 to 64/ },
    { account: { name: 'a b', role: 'admin' }, fault: /name must be 1 to 64/ },
    { account: { name: 'operator', role: 'admin' }, fault: /not a name that one can have/ },
    { account: { name: 'a', role: 'king' }, fault: /role must be one of admin, analyst, duty, auditor/ },
    { account: { name: 'a', role: 'duty' }, fault: /duty needs the sites/ },
    { account: { name: 'a', role: 'analyst', sites: ['s'] }, fault: /analyst is not of single sites/ },
    { account: { name: 'a', role: 'admin', more: 1 }, fault: /./ },
  ]
  for (const { account, fault } of wrong)
    test(`like ${JSON.stringify(account)} is refused`, () => expect(faultOfAccount(account)).toMatch(fault))

  test('is invited, takes its invitation once, and then has a password', async () => {
    const { accounts } = setUp()
    const { secret, expiresAt } = await accounts.add({ name: '王芳', role: 'duty', sites: ['南社'] }, 0)
    expect(expiresAt).toBe(dayMs)
    expect(accounts.get('王芳')).not.toHaveProperty('password')
    expect(accounts.invitation(secret, 1)).toMatchObject({ name: '王芳', role: 'duty' })
    const account = await accounts.accept(secret, 'another name', password, 1)
    expect(account).toMatchObject({ name: '王芳', role: 'duty', sites: ['南社'] })
    expect(account.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    await expect(accounts.accept(secret, '', password, 2)).rejects.toMatchObject({
      code: 'INVITATION_INVALID',
    })
  })

  test('cannot be taken twice at once', async () => {
    const { accounts } = setUp()
    const { secret } = await accounts.add({ name: 'a', role: 'analyst' }, 0)
    const taken = await Promise.allSettled([1, 2, 3].map(() => accounts.accept(secret, '', password, 1)))
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  const ends = [
    { title: 'a day later', now: dayMs, act: async () => {} },
    { title: 'once another was made', now: 1, act: (accounts: Accounts) => accounts.invite('a', 0) },
    {
      title: 'once the account is disabled',
      now: 1,
      act: (accounts: Accounts) => accounts.setEnabled('a', false),
    },
    { title: 'once the account is removed', now: 1, act: (accounts: Accounts) => accounts.remove('a') },
  ]
  type Accounts = ReturnType<typeof createAccounts>
  for (const { title, now, act } of ends) {
    test(`has an invitation that is worth nothing ${title}`, async () => {
      const { accounts } = setUp()
      const { secret } = await accounts.add({ name: 'a', role: 'analyst' }, 0)
      await act(accounts)
      expect(() => accounts.invitation(secret, now)).toThrow(
        expect.objectContaining({ code: 'INVITATION_INVALID' }),
      )
    })
  }

  test('of the first admin gets its name from who takes the link; then such links are worth nothing', async () => {
    const { accounts } = setUp()
    const [old, first] = [await accounts.invite(undefined, 0), await accounts.invite(undefined, 0)]
    expect(() => accounts.invitation(old.secret, 1)).toThrow()
    await expect(accounts.accept(first.secret, 'a b', password, 1)).rejects.toMatchObject({
      code: 'ACCOUNT_INVALID',
    })
    expect(await accounts.accept(first.secret, 'li', password, 1)).toMatchObject({
      name: 'li',
      role: 'admin',
    })
    await expect(accounts.accept(first.secret, 'x', password, 1)).rejects.toMatchObject({
      code: 'INVITATION_INVALID',
    })
    await expect(accounts.invite(undefined, 1)).rejects.toMatchObject({ code: 'ACCOUNT_EXISTS' })
  })

  test('is told by code where there is none, or one already', async () => {
    const { accounts } = setUp()
    await accounts.add({ name: 'a', role: 'analyst' }, 0)
    await expect(accounts.add({ name: 'a', role: 'admin' }, 0)).rejects.toMatchObject({
      code: 'ACCOUNT_EXISTS',
    })
    for (const change of [accounts.setEnabled('b', true), accounts.remove('b'), accounts.invite('b', 0)])
      await expect(change).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
  })
})

describe('a password', () => {
  const cases = [
    { chosen: 'short', fault: /12 to 256/ },
    { chosen: '坐看云起时坐看云起时一二', fault: undefined },
    { chosen: 'x'.repeat(257), fault: /12 to 256/ },
    { chosen: 'aaaaaaaaaaaaaaaa', fault: /5 different/ },
    { chosen: 'li.wei li.wei', fault: /name of its account/ },
    { chosen: password, fault: undefined },
  ]
  for (const { chosen, fault } of cases)
    test(`"${chosen.slice(0, 20)}" is ${fault === undefined ? 'taken' : 'refused'}`, () => {
      const told = faultOfPassword(chosen, 'Li.Wei')
      if (fault === undefined) expect(told).toBeUndefined()
      else expect(told).toMatch(fault)
    })

  const common = [
    'password1234', '123456789012', 'qwertyuiopas', 'abcdeabcdeab', 'lintellintel', 'Passw0rd2024!', 'P@ssw0rdP@ssw0rd', '1q2w3e4r5t6y',
    'qazwsxedcrfv', 'a1b2c3d4e5f6', '111122223333', 'administrator1', 'letmeinletmein', 'woaini1314520', 'iloveyou1234', 'changeme2026!',
    'Lintel2026!!', 'zaq1xsw2cde3', 'asdfghjkl;12', 'abcabcabcabc1', 'dragonmonkey', 'Qwerty123456', 'zyxwvutsrqpo', 'Dragon1990Dragon',
  ] // biome-ignore format: a list
  for (const chosen of common)
    test(`like ${chosen} is refused as one of those that are tried first`, () =>
      expect(faultOfPassword(chosen, 'boss')).toMatch(/tried first|different characters/))

  const good = ['correct horse battery staple', 'a sentence that is long', 'xK9#mQ2$vL7p', '今天天气很好我们去公园散步吧', 'Die Katze schläft gern', 'tuesdays are for soup'] // biome-ignore format: a list
  for (const chosen of good)
    test(`like ${chosen} is taken`, () => expect(faultOfPassword(chosen, 'boss')).toBeUndefined())

  test('of any length is judged at once', () => {
    const started = performance.now()
    faultOfPassword('abcdefgh1234'.repeat(21), 'boss')
    const short = performance.now() - started
    expect(short).toBeLessThan(5000)
  })

  test('is known by its hash, however its characters are composed', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash('Größe und mehr davon')
    expect(await passwords.matches('Größe und mehr davon'.normalize('NFD'), hash)).toBe(true)
    expect(await passwords.matches('Groesse und mehr davon', hash)).toBe(false)
    expect(await passwords.hash('Größe und mehr davon')).not.toBe(hash)
  })

  test('takes as long to be wrong where there is no such account', async () => {
    const passwords = createPasswords()
    const hash = await passwords.hash(password)
    const timed = async (wanted: string | undefined) => {
      const started = performance.now()
      for (let n = 0; n < 3; n++) expect(await passwords.matches('wrong', wanted)).toBe(false)
      return performance.now() - started
    }
    await timed(hash)
    const [known, unknown] = [await timed(hash), await timed(undefined)]
    expect(unknown).toBeGreaterThan(known / 4)
    expect(unknown).toBeLessThan(known * 4)
  })

  test('is not looked at where too many wait', async () => {
    const passwords = createPasswords()
    const answers = await Promise.allSettled(
      Array.from({ length: 40 }, () => passwords.matches('x', undefined)),
    )
    const refused = answers.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(8)
    expect(refused[0]).toMatchObject({ reason: { code: 'API_BUSY', retryable: true } })
    expect(await passwords.matches('x', undefined)).toBe(false)
  })
})

describe('a session', () => {
  const times = { sessionIdleS: 3600, sessionMaxS: 7200 }
  test('goes on while it is used, ends when it is not, and in any case', async () => {
    const sessions = createSessions(createMemoryState(), times)
    const [used, idle] = [await sessions.begin('a', 0), await sessions.begin('a', 0)]
    expect(await sessions.find(used, 59 * minuteMs)).toBe('a')
    expect(await sessions.find(used, 118 * minuteMs)).toBe('a')
    expect(await sessions.find(idle, hourMs)).toBeUndefined()
    expect(await sessions.find(used, 2 * hourMs)).toBeUndefined()
    expect(await sessions.find('guess', 0)).toBeUndefined()
  })

  test('ends alone, or with all of its account', async () => {
    const sessions = createSessions(createMemoryState(), times)
    const [a1, a2, b] = [
      await sessions.begin('a', 0),
      await sessions.begin('a', 0),
      await sessions.begin('b', 0),
    ]
    await sessions.end(a1!)
    expect(await Promise.all([a1, a2, b].map(id => sessions.find(id!, 1)))).toEqual([undefined, 'a', 'b'])
    await sessions.endAll('a')
    expect(await Promise.all([a1, a2, b].map(id => sessions.find(id!, 1)))).toEqual([
      undefined,
      undefined,
      'b',
    ])
  })

  test('is the oldest to end where an account has more than twenty', async () => {
    const sessions = createSessions(createMemoryState(), times)
    const ids: string[] = []
    for (let n = 0; n < 21; n++) ids.push(await sessions.begin('a', n))
    expect(await sessions.find(ids[0]!, 30)).toBeUndefined()
    expect(await sessions.find(ids[1]!, 30)).toBe('a')
  })
})

describe('an API token', () => {
  test('can be found by its prefix, expires, is marked as used to the hour, and ends when it is revoked', async () => {
    const tokens = createApiTokens(createMemoryState())
    const { token } = await tokens.create({ name: 't', role: 'analyst' }, 1, 0)
    expect(token).toMatch(/^lintel_[A-Za-z0-9_-]{32}$/)
    expect(await tokens.find(token, 90 * minuteMs)).toMatchObject({ name: 't', role: 'analyst' })
    expect(tokens.list()).toMatchObject([{ name: 't', expiresAt: dayMs, lastUsedAt: hourMs }])
    expect(await tokens.find(token, dayMs)).toBeUndefined()
    expect(await tokens.find(`${token}x`, 0)).toBeUndefined()
    await expect(tokens.create({ name: 't', role: 'admin' }, 1, 0)).rejects.toMatchObject({
      code: 'TOKEN_EXISTS',
    })
    await tokens.revoke('t')
    expect(await tokens.find(token, 1)).toBeUndefined()
    await expect(tokens.revoke('t')).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' })
  })

  for (const days of [0, -1, 1.5, 3651])
    test(`is not made for ${days} days`, async () => {
      const made = createApiTokens(createMemoryState()).create({ name: 't', role: 'admin' }, days, 0)
      await expect(made).rejects.toMatchObject({ code: 'ACCOUNT_INVALID' })
    })
})

describe('who guesses', () => {
  test('waits longer each time, never longer than five minutes, and not at all after an hour of peace', () => {
    const rule = throttleRules.browser
    let strikes = strike(undefined, rule, 0)
    const waits: number[] = []
    for (let n = 0; n < 16; n++) {
      waits.push(waitMs(strikes, rule, 0) / 1000)
      strikes = strike(strikes, rule, 0)
    }
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    expect(waitMs(strikes, rule, hourMs)).toBe(0)
    expect(strike(strikes, rule, hourMs).failures).toBe(1)
  })

  const networks = [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['2001:0db8:1::', '2001:db8:1:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const
  for (const [address, network] of networks)
    test(`from ${address} counts as ${network}`, () => expect(networkOf(address)).toBe(network))
})
