import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { State } from '../../core/state/state.ts'
import type { Enrolled } from '../../devices/registry/enrol-one.ts'
import { createRegistry } from '../../devices/registry/registry.ts'
import { hashToken, newToken, tokenMatches } from '../../devices/registry/token.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const row = (change: object = {}) => ({
  device: 'd1', kind: 'terminal', site: 'nanshe', building: 'b01', point: 'p1', zone: 'Asia/Shanghai', ...change,
}) // biome-ignore format: one row

const states: Record<string, () => Promise<State>> = {
  memory: async () => createMemoryState(),
  LMDB: async () => {
    const state = openLmdbState({ directory: await temporaryDirectory() })
    onTestFinished(() => state.close())
    return state
  },
}

const tokenOf = (answer: Enrolled | undefined) => (answer?.outcome === 'enrolled' ? answer.token : '')

for (const [name, open] of Object.entries(states)) {
  describe(`a registry in a ${name} state`, () => {
    test('takes a device away, and remembers what it was', async () => {
      const registry = createRegistry(await open())
      await registry.enrol([row({ household: true }), row({ device: 'd2', point: 'p2' })], 5)
      const version = registry.version()
      await registry.remove('d1', { forget: false })
      expect(registry.get('d1')).toBeUndefined()
      expect(registry.list().map(({ device }) => device)).toEqual(['d2'])
      expect(registry.version()).toBeGreaterThan(version)
      expect(registry.remembered('d1')).toMatchObject({
        kind: 'terminal',
        household: true,
        enrolledAt: 5,
      })
      expect(registry.places().map(({ device }) => device)).toEqual(['d1', 'd2'])
      expect(registry.remembered('d1')).not.toHaveProperty('tokenHash')
      await expect(registry.remove('d1', { forget: false })).rejects.toMatchObject({
        code: 'DEVICE_NOT_FOUND',
      })
    })

    test('forgets the places of one that has never sent anything, and gives none of their numbers again', async () => {
      const registry = createRegistry(await open())
      await registry.enrol([row(), row({ device: 'd2' })], 5)
      await registry.remove('d2', { forget: true })
      expect(registry.remembered('d2')).toBeUndefined()
      expect(registry.places().map(({ device }) => device)).toEqual(['d1'])
      expect(registry.place(2)).toBeUndefined()
      await registry.enrol([row({ device: 'd3' })], 6)
      expect(registry.get('d3')!.place).toBe(3)
    })

    test('one that was removed and comes back has a new token, and is the household’s door that it was', async () => {
      const registry = createRegistry(await open())
      const [first] = await registry.enrol([row({ household: true })], 5)
      await registry.remove('d1', { forget: false })
      const [second] = await registry.enrol([row()], 9)
      expect(second!.outcome).toBe('enrolled')
      expect(tokenOf(second)).not.toBe(tokenOf(first))
      expect(registry.get('d1')).toMatchObject({ household: true, enabled: true, place: 1, enrolledAt: 5, tokenHash: hashToken(tokenOf(second)) })
      await registry.remove('d1', { forget: false })
      expect((await registry.enrol([row({ kind: 'gateway' })], 9))[0]).toMatchObject({ outcome: 'refused' })
    }) // biome-ignore format: one thing

    test('enrols a device with a place and a token, of which it keeps only the hash', async () => {
      const state = await open()
      const registry = createRegistry(state)
      const [answer] = await registry.enrol([row()], 5)
      expect(answer).toMatchObject({ outcome: 'enrolled', device: 'd1' })
      const token = tokenOf(answer)
      const device = registry.get('d1')!
      expect(device).toEqual({
        ...row(),
        enabled: true,
        place: 1,
        tokenHash: hashToken(token),
        enrolledAt: 5,
      })
      expect(registry.place(1)).toEqual({
        id: 1,
        device: 'd1',
        site: 'nanshe',
        building: 'b01',
        point: 'p1',
        zone: 'Asia/Shanghai',
      })
      expect(
        JSON.stringify([...state.table('device').entries(), ...state.table('place').entries()]),
      ).not.toContain(token)
      expect(tokenMatches(token, device.tokenHash)).toBe(true)
    })

    test('answers unchanged to what it knows already, and does not count it as a change', async () => {
      const registry = createRegistry(await open())
      await registry.enrol([row()], 5)
      const before = { version: registry.version(), device: registry.get('d1') }
      expect(await registry.enrol([row()], 9)).toEqual([{ outcome: 'unchanged', device: 'd1' }])
      expect({ version: registry.version(), device: registry.get('d1') }).toEqual(before)
    })

    for (const change of [
      { site: 'x' },
      { building: 'x' },
      { point: 'x' },
      { zone: 'UTC' },
      { kind: 'checkpoint' },
    ]) {
      test(`gives a device a new place when ${Object.keys(change)[0]} changes, and keeps the old one`, async () => {
        const registry = createRegistry(await open())
        const [first] = await registry.enrol([row()], 5)
        const version = registry.version()
        expect(await registry.enrol([row(change)], 9)).toEqual([{ outcome: 'moved', device: 'd1' }])
        expect(registry.get('d1')).toMatchObject({ ...row(change), place: 2, enrolledAt: 5, enabled: true })
        expect(registry.place(1)).toMatchObject({ id: 1, site: 'nanshe', building: 'b01', point: 'p1' })
        expect(registry.place(2)).toMatchObject({ id: 2, device: 'd1' })
        expect(registry.version()).toBe(version + 1)
        expect(tokenMatches(tokenOf(first), registry.get('d1')!.tokenHash)).toBe(true)
      })
    }

    test('keeps a disabled device disabled when it is moved', async () => {
      const registry = createRegistry(await open())
      await registry.enrol([row()], 5)
      await registry.setEnabled('d1', false)
      await registry.enrol([row({ point: 'p9' })], 6)
      expect(registry.get('d1')).toMatchObject({ enabled: false, point: 'p9' })
      await registry.setEnabled('d1', true)
      expect(registry.get('d1')!.enabled).toBe(true)
    })

    test('takes the good rows of a list and answers each bad one with its fault', async () => {
      const registry = createRegistry(await open())
      const answers = await registry.enrol(
        [row(), row({ device: 'd 2' }), null, row({ device: 'd3' }), row()],
        5,
      )
      expect(answers.map(({ outcome }) => outcome)).toEqual([
        'enrolled',
        'refused',
        'refused',
        'enrolled',
        'unchanged',
      ])
      expect(registry.list().map(({ device }) => device)).toEqual(['d1', 'd3'])
      expect(registry.get('d3')!.place).toBe(2)
    })

    test('gives a new token of which the old one is worth nothing', async () => {
      const registry = createRegistry(await open())
      const [answer] = await registry.enrol([row()], 5)
      const version = registry.version()
      const token = await registry.rotate('d1')
      const { tokenHash } = registry.get('d1')!
      expect(tokenMatches(token, tokenHash)).toBe(true)
      expect(tokenMatches(tokenOf(answer), tokenHash)).toBe(false)
      expect(registry.version()).toBe(version + 1)
    })

    test('knows nothing of a device that was never enrolled', async () => {
      const registry = createRegistry(await open())
      expect(registry.get('nobody')).toBeUndefined()
      expect(registry.place(1)).toBeUndefined()
      await expect(registry.rotate('nobody')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
      await expect(registry.setEnabled('nobody', true)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
      expect(registry.version()).toBe(0)
    })
  })
}

describe('a row of a device is refused', () => {
  const refused: { change: object; reason: string | RegExp }[] = [
    { change: { device: '' }, reason: /^device is empty$/ },
    { change: { device: 'a/b' }, reason: /^device must/ },
    { change: { device: '门' }, reason: /^device must/ },
    { change: { device: 'x'.repeat(65) }, reason: /^device must/ },
    { change: { device: 5 }, reason: /^device must/ },
    { change: { kind: 'camera' }, reason: 'kind must be terminal, checkpoint, gateway or display' },
    { change: { site: '' }, reason: /^site is empty$/ },
    ...[
      '\u0020',
      '\u200b',
      '\u2800',
      'a\u202eb',
      'a\u2028b',
      '\u3164',
      ' a',
      'a ',
      'a\u009bb',
      '\u{e0041}',
    ].map(building => ({
      change: { building },
      reason: /^building must be 1 to 64 characters that are seen/,
    })),
    { change: { building: 'a/b' }, reason: /^building must/ },
    { change: { point: 'a\u0000' }, reason: /^point must/ },
    { change: { point: 'x'.repeat(65) }, reason: /^point must/ },
    {
      change: { zone: 'Shanghai' },
      reason: 'zone must be an IANA time zone such as Asia/Shanghai, not "Shanghai"',
    },
    { change: { zone: '+08:00' }, reason: /^zone must be an IANA/ },
    { change: { zone: 8 }, reason: /^zone must be string/ },
    { change: { owner: '张三' }, reason: 'owner is not known' },
  ]
  for (const { change, reason } of refused) {
    test(`for ${JSON.stringify(change).slice(0, 60)}, in words`, async () => {
      const [answer] = await createRegistry(createMemoryState()).enrol([row(change)], 0)
      expect(answer).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(reason) })
    })
  }
  for (const value of [null, 'd1', [], 5]) {
    test(`for being ${JSON.stringify(value)}`, async () => {
      const answers = await createRegistry(createMemoryState()).enrol([value], 0)
      expect(answers).toEqual([{ outcome: 'refused', device: '', reason: 'a device must be a JSON object' }])
    })
  }
  for (const site of ['南社', 'Haus 3 (Süd)', 'Cap{c}', "O'Hara"]) {
    test(`but not for a site called ${site}`, async () => {
      const [answer] = await createRegistry(createMemoryState()).enrol([row({ site })], 0)
      expect(answer!.outcome).toBe('enrolled')
    })
  }
})

describe('a token', () => {
  test('is 192 bits, url-safe, and never the same', () => {
    const tokens = Array.from({ length: 1000 }, newToken)
    expect(new Set(tokens).size).toBe(1000)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{32}$/)
  })

  test('matches its own hash as text and as bytes, and no other', () => {
    const token = newToken()
    const hash = hashToken(token)
    expect(hash).toBe(createHash('sha256').update(token).digest('base64url'))
    expect(tokenMatches(token, hash)).toBe(true)
    expect(tokenMatches(Buffer.from(token), hash)).toBe(true)
    for (const other of ['', token.slice(1), `${token} `, token.toLowerCase(), newToken()]) {
      expect(tokenMatches(other, hash)).toBe(false)
    }
  })

  test('matches nothing for a device that is not known', () => {
    expect(tokenMatches(newToken(), undefined)).toBe(false)
    expect(tokenMatches('', undefined)).toBe(false)
  })
})
