import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { outcomes } from '../../alerts/book/alert.ts'
import { createAlerts } from '../../alerts/book/book.ts'
import { createAccounts } from '../../api/access/accounts.ts'
import { createPasswords } from '../../api/access/password.ts'
import { createSessions } from '../../api/access/sessions.ts'
import { createAuditLog } from '../../api/audit/audit-log.ts'
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { openWaitingRoom } from '../../gateway/admit/waiting-room.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createTrimmer } from '../../gateway/journal/trimmer.ts'
import { openFileSnapshots } from '../../gateway/snapshots/file-snapshots.ts'
import { openOriginals } from '../../gateway/snapshots/originals.ts'
import { createSummaryKeeper } from '../../ingest/retention/summaries.ts'
import { jpeg } from '../support/messages.ts'
import { item, someMoment, somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Something that is deleted because of its age: how much there is, and what looks for what is too old. */
interface Deleter {
  left(): number | Promise<number>
  look(): Promise<unknown>
}

interface Given {
  readonly clock: () => number
  readonly mayDelete: () => boolean
}

const deleters: Record<string, (given: Given) => Promise<Deleter>> = {
  async 'sessions that have ended'({ clock, mayDelete }) {
    const state = createMemoryState()
    const sessions = createSessions(state, { sessionIdleS: 60, sessionMaxS: 3600 }, mayDelete)
    await sessions.begin('ann', clock())
    return {
      left: () => [...state.table('session').entries()].length,
      async look() {
        await sessions.endAll('bob')
        await sessions.begin('bob', clock())
        await sessions.endAll('bob')
      },
    }
  },
  async 'invitations that are over'({ clock, mayDelete }) {
    const state = createMemoryState()
    const accounts = createAccounts(state, createPasswords(), mayDelete)
    await accounts.add({ name: 'ann', role: 'admin' }, clock())
    await accounts.add({ name: 'bob', role: 'admin' }, clock())
    return {
      left: () => [...state.table('invitation').entries()].length - 1,
      look: () => accounts.invite('bob', clock()),
    }
  },
  async 'the record of who did what'({ clock, mayDelete }) {
    const audit = createAuditLog(createMemoryState(), clock, 30, mayDelete)
    await audit.append({ as: 'operator', who: 'operator', action: 'x', target: '', address: '' })
    return { left: () => audit.latest(9).length, look: () => audit.trim() }
  },
  async 'alerts that were closed long ago'({ clock, mayDelete }) {
    const state = createMemoryState()
    const alerts = createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30, mayDelete })
    const at = clock()
    const place = { site: 's', building: 'b', point: 'p' }
    const found = { rule: 'tamper', kind: 'raised', severity: 'notice', place, cause: 'c@1', occurredAt: at, receivedAt: at, parts: {} } as const // biome-ignore format: one finding
    await state.transact(() => alerts.record([found], at))
    const [alert] = alerts.list({ limit: 1 }).alerts
    await alerts.act(alert!.id, { do: 'resolve', outcome: outcomes[0] }, 'ann', at)
    return {
      left: () => alerts.list({ limit: 9 }).alerts.length,
      look: () => state.transact(() => alerts.expire(clock())),
    }
  },
  async 'snoozes that are over'({ clock, mayDelete }) {
    const state = createMemoryState()
    const alerts = createAlerts(state, { zoneOf: () => 'UTC', keepDays: 30, mayDelete })
    await alerts.snooze(
      { why: 'snooze', place: { site: 's' }, from: clock(), until: clock() + dayMs },
      'ann',
      clock(),
    )
    return {
      left: () => alerts.snoozes().length,
      look: () => state.transact(() => alerts.expire(clock())),
    }
  },
  async 'pictures at rest'({ clock, mayDelete }) {
    const directory = await temporaryDirectory()
    const state = createMemoryState()
    const options = {
      directory,
      state,
      clock,
      keepBytes: 1e9,
      keepMs: 30 * dayMs,
      mayDelete,
      isHeld: () => false,
    }
    const snapshots = await openFileSnapshots(options)
    await snapshots.put({ device: 'd1', event: 'a', at: clock(), place: somewhere, urgent: false }, jpeg(100))
    return { left: () => snapshots.stats().pictures, look: () => snapshots.sweep() }
  },
  async 'what the journal keeps for a refill'({ clock, mayDelete }) {
    const journal = createMemoryJournal(clock)
    await journal.append('d1', [item('a')])
    const trimmer = createTrimmer(
      { consumers: ['intake'], retainMs: hourMs, maxBytes: 1e9 },
      {
        journal,
        cursors: { get: () => 1 },
        clock,
        mayDelete,
        onFault: error => expect(error).toBeUndefined(),
      },
    )
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    await trimmer.start!()
    onTestFinished(() => trimmer.stop())
    return {
      left: () => journal.stats().records,
      async look() {
        vi.advanceTimersByTime(10 * secondMs)
        await new Promise(resolve => setImmediate(resolve))
      },
    }
  },
  async 'what was summed up'({ clock, mayDelete }) {
    let expired = 0
    let looks = 0
    const summaries = {
      async update() {
        looks++
        return 0
      },
      async expire(before: number) {
        if (before > someMoment) expired = 1
      },
    }
    const onFault = (error: unknown) => expect(error).toBeUndefined()
    const keeper = createSummaryKeeper({ summaries, days: 30, clock, mayDelete, onFault }, { everyMs: 1 })
    await keeper.start!()
    onTestFinished(() => keeper.stop())
    return {
      left: () => 1 - expired,
      look() {
        const before = looks
        return vi.waitFor(() => expect(looks).toBeGreaterThan(before + 1))
      },
    }
  },
}

describe('while the clock is in doubt', () => {
  for (const [what, open] of Object.entries(deleters))
    test(`${what} stay, and go once it is sure`, async () => {
      let now = someMoment
      let isSure = true
      const deleter = await open({ clock: () => now, mayDelete: () => isSure })
      expect(await deleter.left()).toBe(1)
      now += 400 * dayMs
      isSure = false
      await deleter.look()
      expect(await deleter.left()).toBe(1)
      isSure = true
      await deleter.look()
      expect(await deleter.left()).toBe(0)
    })
})

describe('an original', () => {
  test('that waits goes after its time, in doubt or not, whatever the file system says of its age', async () => {
    const directory = await temporaryDirectory()
    let now = someMoment
    const options = { directory, clock: () => now, maxBytes: 1e6, maxAgeMs: hourMs }
    const room = await openWaitingRoom(options)
    await room.put('d1', 'a', jpeg(100))
    const [name] = await readdir(directory)
    expect((await stat(join(directory, name!))).mtimeMs).toBe(someMoment)
    await room.close()
    now += 59 * minuteMs
    const again = await openWaitingRoom(options)
    await again.sweep()
    expect(await readdir(directory)).toHaveLength(1)
    // As a clock that was years ahead has left it.
    await writeFile(join(directory, `${'0'.repeat(40)}.jpg`), 'x')
    await utimes(join(directory, `${'0'.repeat(40)}.jpg`), now / 1000 + 1e9, now / 1000 + 1e9)
    await again.close()
    const third = await openWaitingRoom(options)
    onTestFinished(() => third.close())
    now += 2 * minuteMs
    await third.sweep()
    expect(await readdir(directory)).toHaveLength(1)
    now += hourMs
    await third.sweep()
    expect(await readdir(directory)).toEqual([])
  })

  test('that waits grows no older when the time that was lost is made good', async () => {
    const directory = await temporaryDirectory()
    let now = someMoment
    let up = 1000
    const room = await openWaitingRoom({
      directory,
      clock: () => now,
      upMs: () => up,
      maxBytes: 1e6,
      maxAgeMs: hourMs,
    })
    onTestFinished(() => room.close())
    await room.put('d1', 'a', jpeg(100))
    now += 30 * dayMs
    up += 59 * minuteMs
    await room.sweep()
    expect(room.stats().pictures).toBe(1)
    up += 2 * minuteMs
    await room.sweep()
    expect(room.stats().pictures).toBe(0)
  })

  test('that is kept goes after its time, also one that a clock that was ahead has written', async () => {
    const directory = join(await temporaryDirectory(), 'originals')
    const keyFile = join(await temporaryDirectory(), 'key')
    await writeFile(keyFile, 'ab'.repeat(32), { mode: 0o600 })
    let now = someMoment
    const originals = await openOriginals({ directory, keyFile, keepMs: hourMs, clock: () => now })
    await originals.put({ device: 'd1', event: 'a' }, jpeg(100))
    await writeFile(join(directory, 'b.original'), 'x')
    await utimes(join(directory, 'b.original'), now / 1000 + 1e9, now / 1000 + 1e9)
    await originals.sweep()
    now += hourMs + minuteMs
    await originals.sweep()
    expect(await readdir(directory)).toEqual([])
  })
})
