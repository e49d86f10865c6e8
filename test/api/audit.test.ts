import { describe, expect, test } from 'vitest'
import { createAuditLog } from '../../api/audit/audit-log.ts'
import { audited, auditRules } from '../../api/audit/audited.ts'
import { type Anchor, type AuditEntry, formatLink, nextEntry } from '../../api/audit/chain.ts'
import type { Operations } from '../../api/operations/operations.ts'
import { operator } from '../../api/viewer.ts'
import { dayMs } from '../../core/clock.ts'
import { LintelError } from '../../core/errors.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import type { FlowAnswer } from '../../flow/answer.ts'

const deed = (target: string) =>
  ({ as: 'account', who: 'li', action: 'snapshot.view', target, address: '' }) as const

/** A log of `n` entries, a day between each, of which `keepDays` are kept. */
async function filled(n: number, keepDays = 1000) {
  const state = createMemoryState()
  const time = { now: 0 }
  const log = createAuditLog(state, () => time.now, keepDays)
  for (let i = 1; i <= n; i++) {
    time.now = i * dayMs
    await log.append(deed(`d/${i}`))
  }
  const entries = state.table<AuditEntry>('audit')
  const links = state.table<Anchor>('audit-link')
  const key = (seq: number) => String(seq).padStart(15, '0')
  const forge = (change: () => void) => state.transact(change)
  return { log, time, entries, links, key, forge, state }
}

describe('the audit log', () => {
  test('has what was appended, in order, and is whole', async () => {
    const { log } = await filled(5)
    expect(log.read(0, 2).map(({ seq, target }) => [seq, target])).toEqual([[1, 'd/1'], [2, 'd/2']]) // biome-ignore format: pairs
    expect(log.read(4, 10).map(({ seq }) => seq)).toEqual([5])
    expect(log.latest(2).map(({ seq }) => seq)).toEqual([5, 4])
    expect(await log.verify()).toMatchObject({ whole: true, entries: 5, head: { seq: 5 } })
    expect(await createAuditLog(createMemoryState(), () => 0, 1).verify()).toMatchObject({
      whole: true,
      entries: 0,
    })
  })

  test('of many appended at once loses none', async () => {
    const { log } = await filled(0)
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append(deed(`${n}`))))
    expect(await log.verify()).toMatchObject({ whole: true, entries: 50 })
  })

  type Log = Awaited<ReturnType<typeof filled>>
  const forgeries: { title: string; act: (log: Log) => void; fault: RegExp }[] = [
    {
      title: 'an entry that was altered',
      act: ({ entries, key }) => entries.put(key(3), { ...entries.get(key(3))!, who: 'wang' }),
      fault: /entry 3 was altered/,
    },
    {
      title: 'an entry that was altered, and its hash with it',
      act: ({ entries, key }) => entries.put(key(3), { ...entries.get(key(4))!, seq: 3 }),
      fault: /entry 2, or what entry 3 says of it, was altered/,
    },
    {
      title: 'an entry that was removed',
      act: ({ entries, key }) => entries.remove(key(3)),
      fault: /entry 3 was removed/,
    },
    {
      title: 'entries that were removed',
      act: ({ entries, key }) => [2, 3].forEach(seq => void entries.remove(key(seq))),
      fault: /entries 2 to 3 were removed/,
    },
    {
      title: 'a log cut off at its end',
      act: ({ entries, key }) => entries.remove(key(5)),
      fault: /cut off behind entry 4/,
    },
    {
      title: 'a log cut off at its beginning',
      act: ({ entries, key }) => entries.remove(key(1)),
      fault: /entry 1 was removed/,
    },
    {
      title: 'an end that was put in place of another',
      act: ({ links }) => links.put('head', { seq: 5, hash: 'f'.repeat(64) }),
      fault: /does not end with entry 5/,
    },
  ]
  for (const { title, act, fault } of forgeries) {
    test(`tells ${title}`, async () => {
      const log = await filled(5)
      await log.forge(() => act(log))
      expect(await log.log.verify()).toMatchObject({ whole: false, fault: expect.stringMatching(fault) })
    })
  }

  test('that was made anew as a whole is told by a head that was noted down', async () => {
    const noted = formatLink((await (await filled(3)).log.verify()).head)
    const { log } = await filled(5)
    expect(await log.verify(noted)).toMatchObject({ whole: true })
    const forged = createAuditLog(createMemoryState(), () => 7, 1000)
    for (let n = 0; n < 5; n++) await forged.append(deed('nothing to see'))
    expect(await forged.verify()).toMatchObject({ whole: true })
    expect(await forged.verify(noted)).toMatchObject({
      whole: false,
      fault: 'entry 3 is not the one that was noted down',
    })
    expect(await (await filled(2)).log.verify(noted)).toMatchObject({
      whole: false,
      fault: /ends with entry 2/,
    })
    await expect(log.verify('3')).rejects.toMatchObject({ code: 'API_REQUEST_INVALID' })
  })

  const toTheFront: { title: string; act: (log: Log) => void; verdict: string; fault: RegExp }[] = [
    {
      title: 'entries removed from the front that were not old',
      act({ entries, links, key }) {
        const last = entries.get(key(2))!
        for (const seq of [1, 2]) entries.remove(key(seq))
        links.put('anchor', { ...last, keepDays: 1000 })
      },
      verdict: 'broken',
      fault: /up to 2 are gone, and were neither too old nor too many/,
    },
    {
      title: 'a front that is said to be older than its hash has it',
      act({ entries, links, key }) {
        const last = entries.get(key(2))!
        for (const seq of [1, 2]) entries.remove(key(seq))
        links.put('anchor', { ...last, at: -2000 * dayMs, keepDays: 1000 })
      },
      verdict: 'broken',
      fault: /what is kept of entry 2, the last that is gone, was altered/,
    },
    {
      title: 'a front that says nothing of its time',
      act({ entries, links, key }) {
        const { seq, hash } = entries.get(key(4))!
        for (const gone of [1, 2, 3, 4]) entries.remove(key(gone))
        links.put('anchor', { seq, hash })
      },
      verdict: 'unknown',
      fault: /nothing says whether they were too old/,
    },
    {
      title: 'a front that is said to have been kept for fewer days',
      act({ entries, links, key }) {
        const last = entries.get(key(2))!
        for (const seq of [1, 2]) entries.remove(key(seq))
        links.put('anchor', { ...last, keepDays: 1 })
      },
      verdict: 'unknown',
      fault: /were kept for 1 days/,
    },
    {
      title: 'a log made anew behind an anchor that never was',
      act({ entries, links, key }) {
        for (const seq of [1, 2, 3, 4, 5]) entries.remove(key(seq))
        const anchor = { seq: 4, hash: 'ab'.repeat(32) }
        const entry = nextEntry(anchor, deed('nothing to see'), 5 * dayMs)
        entries.put(key(5), entry)
        links.put('anchor', anchor)
        links.put('head', { seq: 5, hash: entry.hash })
      },
      verdict: 'unknown',
      fault: /nothing says whether they were too old/,
    },
    {
      title: 'a log of which all was removed',
      act({ entries, links, key }) {
        const last = entries.get(key(5))!
        for (const seq of [1, 2, 3, 4, 5]) entries.remove(key(seq))
        links.put('anchor', { ...last, keepDays: 1000 })
      },
      verdict: 'broken',
      fault: /up to 5 are gone/,
    },
  ]
  for (const { title, act, verdict, fault } of toTheFront) {
    test(`tells ${title}`, async () => {
      const log = await filled(5)
      const noted = formatLink((await log.log.verify()).head)
      await log.forge(() => act(log))
      const told = { whole: false, verdict, fault: expect.stringMatching(fault) }
      expect(await log.log.verify()).toMatchObject(told)
      expect(await log.log.verify(noted)).toMatchObject({ whole: false })
    })
  }

  test('says that it cannot be told where the entry that was noted down is gone by its age', async () => {
    const { log, time } = await filled(10, 100)
    const noted = formatLink((await log.verify()).head)
    time.now += 200 * dayMs
    await log.append(deed('next'))
    expect(await log.verify()).toMatchObject({ verdict: 'whole', anchor: { seq: 10 } })
    await log.append(deed('next'))
    time.now += 200 * dayMs
    await log.trim()
    expect(await log.verify()).toMatchObject({ verdict: 'whole', anchor: { seq: 12 } })
    expect(await log.verify(noted)).toMatchObject({ verdict: 'unknown', fault: /entry 10, which was noted down/ }) // biome-ignore format: one line
  })

  test('is whole after a legitimate expiry, and says so where more days are kept since', async () => {
    const { log, time, state } = await filled(10, 3)
    expect(await log.verify()).toMatchObject({ verdict: 'whole' })
    const longer = createAuditLog(state, () => time.now, 1000)
    expect(await longer.verify()).toMatchObject({ verdict: 'unknown', fault: /were kept for 3 days, and would now be for 1000/ }) // biome-ignore format: one line
  })

  test('drops what is too old from its front, and stays whole', async () => {
    const { log, time } = await filled(10, 3)
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([7, 8, 9, 10])
    expect(await log.verify()).toMatchObject({ whole: true, entries: 4, anchor: { seq: 6 } })
    time.now += 2 * dayMs
    await log.trim()
    expect(await log.verify()).toMatchObject({ whole: true, entries: 2, anchor: { seq: 8 } })
    time.now += 100 * dayMs
    await log.trim()
    expect(await log.verify()).toMatchObject({ whole: true, entries: 0, head: { seq: 10 } })
    await log.append(deed('next'))
    expect(log.latest(1)[0]).toMatchObject({ seq: 11 })
    expect(await log.verify()).toMatchObject({ whole: true, entries: 1 })
  })
})

describe('operations on record', () => {
  const someone = { ...operator, as: 'account', name: 'li', address: '10.0.0.1' } as const

  function recorded(answers: Partial<Operations>) {
    const log = createAuditLog(createMemoryState(), () => 0, 1)
    return { log, operations: audited(answers as Operations, someone, log) }
  }

  test('have what was done, to what, by whom and from where, before they answer', async () => {
    const { log, operations } = recorded({ readSnapshot: async () => Buffer.from('jpeg') })
    expect(String(await operations.readSnapshot({ device: 'd1', event: 'e1' }))).toBe('jpeg')
    expect(log.latest(9)).toMatchObject([
      { as: 'account', who: 'li', action: 'snapshot.view', target: 'd1/e1', address: '10.0.0.1' },
    ])
  })

  test('have an answer of flow that goes into a file, and none that is only looked at', async () => {
    const { log, operations } = recorded({ flow: async () => ({}) as FlowAnswer })
    const question = { measure: 'passages', from: '2026-11-01', to: '2026-12-01', by: ['site'], zone: 'UTC' }
    await operations.flow(question)
    await operations.flow(question, 'csv')
    expect(log.latest(9)).toMatchObject([
      { action: 'flow.export', target: 'passages from 2026-11-01 to 2026-12-01 by site, zone UTC as csv' },
    ])
  })

  test('have what was made quiet, where and until when, and that it was ended', async () => {
    const wanted = { why: 'snooze', place: { site: '南社', point: 'd1' }, from: 0, until: dayMs } as const
    const made = { id: '0123456789ab', ...wanted, by: 'li', at: 0 }
    const { log, operations } = recorded({ addSnooze: async () => made, removeSnooze: async () => {} })
    await operations.addSnooze(wanted)
    await operations.removeSnooze(made.id)
    expect(log.latest(9).toReversed()).toMatchObject([
      { action: 'snooze.add', target: 'snooze of all rules at 南社 d1 until 1970-01-02T00:00:00.000Z' },
      { action: 'snooze.remove', target: '0123456789ab' },
    ])
  })

  const given: { readonly [N in keyof Operations]?: Parameters<Operations[N]> } = {
    addDevice: [{ device: 'd1' }],
    announceDevice: [{ device: 'd1', gateway: 'g1' }],
    importDevices: ['device\r\n'],
    removeDevice: ['d1'],
    rotateToken: ['d1'],
    setEnabled: ['d1', false],
    setRegions: ['d1', {}],
    readSnapshot: [{ device: 'd1', event: 'e1' }],
    readOriginal: [{ device: 'd1', event: 'e1' }],
    holdSnapshot: [{ device: 'd1', event: 'e1' }, { until: 9e15, reason: 'why' }],
    releaseSnapshot: [{ device: 'd1', event: 'e1' }],
    flow: [{ measure: 'passages', from: 'a', to: 'b', by: [] }, 'csv'],
    exportRows: [{ kind: 'passage', from: 'a', to: 'b', format: 'csv' }],
    backfill: [{ file: { name: 'f', hash: '' }, before: 7, rows: [{ device: 'd1', event: {} }], dryRun: false }],
    addSnooze: [{ why: 'snooze', place: {}, until: 9e15 }],
    removeSnooze: ['s1'],
    testChannel: ['c1'],
    listParked: [10],
    showParked: [1],
    replayParked: [1],
    dropParked: [1],
    eraseRows: [{ of: { site: 's' }, before: 9e15 }],
    allowDeletion: ['passage'],
    trustClock: [{ at: 9e15 }],
    setRules: [{}],
    addUser: [{ name: 'x', role: 'admin' }],
    inviteUser: [],
    setUserEnabled: ['x', false],
    removeUser: ['x'],
    createToken: [{ name: 'x', role: 'admin', days: 1 }],
    revokeToken: ['x'],
  } // biome-ignore format: a table
  const onRecord = Object.entries(auditRules).filter(([, rule]) => typeof rule === 'object')

  test('are all that change something, or reveal more than counts and settings', () => {
    expect(onRecord.map(([name]) => name).sort()).toEqual(Object.keys(given).sort())
    const others = Object.entries(auditRules).filter(([, rule]) => typeof rule === 'string')
    for (const [name] of others) expect(name).toMatch(/^(list|show|verify|actOnAlert$)|^(regions|ledger|retention|status|overview|alertReport|rules\w+)$/) // biome-ignore format: one line
    expect(auditRules.actOnAlert).toBe('history')
  })

  for (const [name] of onRecord) {
    const parts = (given as Record<string, unknown[]>)[name]!
    const callOf = (operations: Operations) =>
      (operations[name as 'inviteUser'] as unknown as (...given: unknown[]) => Promise<unknown>)(...parts)

    test(`of ${name} none is done while nothing can be put on record`, async () => {
      const log = createAuditLog(createMemoryState(), () => 0, 1)
      const full = { ...log, begin: async () => Promise.reject(new Error('disk full')) }
      let done = 0
      const operations = audited({ [name]: async () => done++ } as unknown as Operations, someone, full)
      await expect(callOf(operations)).rejects.toMatchObject({ code: 'API_UNAVAILABLE' })
      expect(done).toBe(0)
    })

    test(`of ${name} one that ended in a fault, or with the process, is on record`, async () => {
      const state = createMemoryState()
      const log = createAuditLog(state, () => 0, 1)
      const failing = { [name]: async () => Promise.reject(new Error('cut')) } as unknown as Operations
      await expect(callOf(audited(failing, someone, log))).rejects.toThrow('cut')
      expect(log.latest(9)).toMatchObject([{ who: 'li', target: expect.stringMatching(/may be done in part/) }]) // biome-ignore format: one line

      let begun = () => {}
      const waits = new Promise<void>(resolve => {
        begun = resolve
      })
      const hanging = {
        [name]() {
          begun()
          return new Promise(() => {})
        },
      } as unknown as Operations
      void callOf(audited(hanging, someone, log))
      await waits
      const next = createAuditLog(state, () => 5, 1)
      await next.trim()
      expect(next.latest(1)).toMatchObject([{ who: 'li', target: expect.stringMatching(/how it ended is not known/) }]) // biome-ignore format: one line
      expect(await next.verify()).toMatchObject({ whole: true, entries: 2 })
    })
  }

  test('have nothing of what failed, changed nothing, or only counted', async () => {
    const { log, operations } = recorded({
      rotateToken: async () => Promise.reject(new LintelError('DEVICE_NOT_FOUND', '')),
      addDevice: async () => ({ outcome: 'unchanged', device: 'd1' }),
      announceDevice: async () => ({ outcome: 'unchanged' }),
      listDevices: async () => [],
    })
    await expect(operations.rotateToken('d1')).rejects.toThrow()
    await operations.addDevice({})
    await operations.announceDevice({})
    await operations.listDevices()
    expect(log.latest(9)).toEqual([])
  })

  test('have who asked, also where a gateway is said to have announced a device', async () => {
    const { log, operations } = recorded({ announceDevice: async () => ({ outcome: 'enrolled' }) })
    await operations.announceDevice({ gateway: 'edge-1', device: 'd1' })
    expect(log.latest(9)).toMatchObject([
      { as: 'account', who: 'li', target: 'd1 enrolled, for the gateway edge-1' },
    ])
  })

  test('have the filters of what goes into a file, and all else that it was asked with', async () => {
    const { log, operations } = recorded({ flow: async () => ({}) as FlowAnswer })
    const question = { measure: 'passages', from: 'a', to: 'b', by: [], where: { site: ['南社', 'boma'] } }
    await operations.flow({ ...question, every: '1d', top: 3 }, 'csv')
    expect(log.latest(9)).toMatchObject([
      { target: 'passages from a to b by nothing, site 南社|boma, every 1d, top 3 as csv' },
    ])
  })

  test('never have a token, a secret or a payload', async () => {
    const { log, operations } = recorded({
      addDevice: async () => ({ outcome: 'enrolled', device: 'd1', token: 'SECRET' }),
      rotateToken: async () => 'SECRET',
      addUser: async () => ({ name: 'a', role: 'admin', expiresAt: 0, secret: 'SECRET' }),
      inviteUser: async () => ({ role: 'admin', expiresAt: 0, secret: 'SECRET' }),
      createToken: async () => ({ name: 't', role: 'admin', createdAt: 0, expiresAt: 0, token: 'SECRET' }),
      showParked: async () => ({ payload: 'SECRET' }) as never,
    })
    await operations.addDevice({})
    await operations.rotateToken('d1')
    await operations.addUser({ name: 'a', role: 'admin' })
    await operations.inviteUser()
    await operations.createToken({ name: 't', role: 'admin', days: 1 })
    await operations.showParked(1)
    expect(log.latest(9)).toHaveLength(6)
    expect(JSON.stringify(log.latest(9))).not.toContain('SECRET')
  })
})
