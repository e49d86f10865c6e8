import { describe, expect, test } from 'vitest'
import { createAuditLog } from '../../api/audit/audit-log.ts'
import { audited } from '../../api/audit/audited.ts'
import { type AuditEntry, formatLink, type Link } from '../../api/audit/chain.ts'
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
  const links = state.table<Link>('audit-link')
  const key = (seq: number) => String(seq).padStart(15, '0')
  const forge = (change: () => void) => state.transact(change)
  return { log, time, entries, links, key, forge }
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
      { action: 'flow.export', target: 'passages from 2026-11-01 to 2026-12-01 by site as csv' },
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

  test('answer nothing where it cannot be written down', async () => {
    const log = createAuditLog(createMemoryState(), () => 0, 1)
    const full = { ...log, append: async () => Promise.reject(new Error('disk full')) }
    const operations = audited(
      { readSnapshot: async () => Buffer.from('jpeg') } as unknown as Operations,
      someone,
      full,
    )
    await expect(operations.readSnapshot({ device: 'd1', event: 'e1' })).rejects.toThrow('disk full')
  })

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

  test('have a gateway as who announced a device, whichever process asked for it', async () => {
    const { log, operations } = recorded({ announceDevice: async () => ({ outcome: 'enrolled' }) })
    await operations.announceDevice({ gateway: 'edge-1', device: 'd1' })
    expect(log.latest(9)).toMatchObject([{ as: 'gateway', who: 'edge-1', target: 'd1 enrolled' }])
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
