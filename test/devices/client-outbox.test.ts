import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryOutbox } from '../../devices/client/memory-outbox.ts'
import type { MessageKind, Outbox, OutboxLimits } from '../../devices/client/outbox.ts'
import { openSqliteOutbox } from '../../devices/client/sqlite-outbox.ts'

const directories: string[] = []
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lintel-outbox-'))
  directories.push(directory)
  return directory
}
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true })
})

const all = { after: 0, records: 1_000_000, bytes: 1e9 }
const message = (id: string, kind: MessageKind = 'event', bytes = 10) => ({
  kind,
  id,
  payload: Buffer.alloc(bytes, id),
})
const ids = (outbox: Outbox) => outbox.oldest(all).map(({ id }) => id)

function outboxContract(name: string, open: (limits?: OutboxLimits) => Outbox): void {
  describe(`the ${name} outbox`, () => {
    test('gives messages back in the order they came in, byte for byte', async () => {
      const outbox = open()
      const bytes = Buffer.from([0xff, 0xd8, 0, 1, 2, 254])
      await Promise.all([
        outbox.add(message('a')),
        outbox.add({ kind: 'snapshot', id: 'a', payload: bytes }),
        outbox.add(message('b', 'health')),
      ])
      const messages = outbox.oldest(all)
      expect(messages.map(({ kind, id }) => [kind, id])).toEqual([
        ['event', 'a'],
        ['snapshot', 'a'],
        ['health', 'b'],
      ])
      expect(messages[1]!.payload.equals(bytes)).toBe(true)
      expect(messages[2]!.position).toBeGreaterThan(messages[1]!.position)
      await outbox.close()
    })

    test('reads behind a position, so many records and so many bytes, and at least one', async () => {
      const outbox = open()
      for (const id of ['a', 'b', 'c', 'd']) await outbox.add(message(id))
      const [a] = outbox.oldest(all)
      expect(outbox.oldest({ after: a!.position, records: 2, bytes: 1000 }).map(({ id }) => id)).toEqual([
        'b',
        'c',
      ])
      expect(outbox.oldest({ after: 0, records: 9, bytes: 25 }).map(({ id }) => id)).toEqual(['a', 'b'])
      expect(outbox.oldest({ after: 0, records: 9, bytes: 1 }).map(({ id }) => id)).toEqual(['a'])
      await outbox.close()
    })

    test('forgets what is removed, wherever it stands, and ignores what is gone', async () => {
      const outbox = open()
      for (const id of ['a', 'b', 'c']) await outbox.add(message(id))
      const [a, b] = outbox.oldest(all)
      await outbox.remove([b!.position, b!.position, 999])
      await outbox.remove([b!.position])
      expect(ids(outbox)).toEqual(['a', 'c'])
      expect([outbox.size(), outbox.bytes()]).toEqual([2, 20])
      await outbox.remove([a!.position])
      await outbox.add(message('d'))
      expect(ids(outbox)).toEqual(['c', 'd'])
      await outbox.close()
    })

    test('never uses a position twice', async () => {
      const outbox = open()
      await outbox.add(message('a'))
      const { position } = outbox.oldest(all)[0]!
      await outbox.remove([position])
      await outbox.add(message('b'))
      expect(outbox.oldest(all)[0]!.position).toBeGreaterThan(position)
      await outbox.close()
    })

    test('refuses a snapshot at three quarters, while events still fit', async () => {
      const outbox = open({ records: 8, bytes: 1000 })
      for (let i = 0; i < 6; i++) await outbox.add(message(`s${i}`, 'snapshot'))
      await expect(outbox.add(message('s6', 'snapshot'))).rejects.toMatchObject({
        code: 'OUTBOX_FULL',
        retryable: true,
      })
      await outbox.add(message('e'))
      expect(outbox.counters()).toEqual({ refusedSnapshots: 1, droppedHealth: 0, refusedEvents: 0 })
      expect(outbox.size()).toBe(7)
      await outbox.close()
    })

    test('drops the oldest health events for a new event, and nothing else', async () => {
      const outbox = open({ records: 5, bytes: 1000 })
      for (const [id, kind] of [
        ['e1', 'event'],
        ['h1', 'health'],
        ['e2', 'event'],
        ['h2', 'health'],
        ['h3', 'health'],
      ] as const) {
        await outbox.add(message(id, kind))
      }
      await outbox.add(message('e3'))
      await outbox.add(message('h4', 'health'))
      expect(ids(outbox)).toEqual(['e1', 'e2', 'h3', 'e3', 'h4'])
      expect(outbox.counters()).toEqual({ refusedSnapshots: 0, droppedHealth: 2, refusedEvents: 0 })
      await outbox.close()
    })

    test('drops as many health events as the bytes of the new event take', async () => {
      const outbox = open({ records: 100, bytes: 50 })
      for (const id of ['h1', 'h2', 'h3', 'h4', 'h5']) await outbox.add(message(id, 'health'))
      await outbox.add(message('e', 'event', 25))
      expect(ids(outbox)).toEqual(['h4', 'h5', 'e'])
      expect([outbox.size(), outbox.bytes()]).toEqual([3, 45])
      await outbox.close()
    })

    test('refuses the new event where health events would not make room, and drops none', async () => {
      const outbox = open({ records: 100, bytes: 50 })
      await outbox.add(message('e1', 'event', 30))
      await outbox.add(message('h1', 'health', 10))
      await expect(outbox.add(message('e2', 'event', 25))).rejects.toMatchObject({ code: 'OUTBOX_FULL' })
      expect(ids(outbox)).toEqual(['e1', 'h1'])
      expect(outbox.counters()).toEqual({ refusedSnapshots: 0, droppedHealth: 0, refusedEvents: 1 })
      await outbox.close()
    })

    test('refuses one and takes its neighbours of the same turn', async () => {
      const outbox = open({ records: 100, bytes: 50 })
      const outcomes = await Promise.allSettled([
        outbox.add(message('a')),
        outbox.add(message('b', 'event', 60)),
        outbox.add(message('c')),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(ids(outbox)).toEqual(['a', 'c'])
      await outbox.close()
    })
  })
}

outboxContract('memory', limits => createMemoryOutbox(limits))
outboxContract('sqlite', limits => openSqliteOutbox({ directory: newDirectory(), ...(limits && { limits }) }))

describe('the sqlite outbox on disk', () => {
  test('has after a restart what it had before, and goes on counting', async () => {
    const directory = newDirectory()
    const before = openSqliteOutbox({ directory })
    for (const id of ['a', 'b', 'c']) await before.add(message(id, id === 'b' ? 'health' : 'event'))
    const last = before.oldest(all).at(-1)!.position
    await before.remove(
      before
        .oldest(all)
        .map(({ position }) => position)
        .slice(2),
    )
    await before.close()
    const after = openSqliteOutbox({ directory })
    expect(ids(after)).toEqual(['a', 'b'])
    expect([after.size(), after.bytes()]).toEqual([2, 20])
    await after.add(message('d'))
    expect(after.oldest(all).at(-1)!.position).toBeGreaterThan(last)
    await after.close()
  })

  test('is closed to a second user', async () => {
    const directory = newDirectory()
    const outbox = openSqliteOutbox({ directory })
    expect(() => openSqliteOutbox({ directory })).toThrow(expect.objectContaining({ code: 'DATA_LOCKED' }))
    await outbox.close()
    await openSqliteOutbox({ directory }).close()
  })

  test('has everything it said yes to, however often it is killed, and nothing torn', async () => {
    const directory = newDirectory()
    const promised = new Set<string>()
    for (let round = 0; round < 8; round++) {
      for (const id of await addUntilKilled(directory, round, 30 + 25 * round)) promised.add(id)
      const outbox = openSqliteOutbox({ directory })
      const held = new Set(ids(outbox))
      expect([...promised].filter(id => !held.has(id))).toEqual([])
      for (const { id, payload } of outbox.oldest(all)) expect(payload.toString()).toBe(`payload of ${id}`)
      expect(outbox.size()).toBe(held.size)
      await outbox.close()
    }
    expect(promised.size).toBeGreaterThan(50)
  }, 60_000)
})

/** Adds messages in another process, which is killed with SIGKILL; the ids that it was promised. */
async function addUntilKilled(directory: string, round: number, afterMs: number): Promise<string[]> {
  const module = new URL('../../devices/client/sqlite-outbox.ts', import.meta.url).href
  const script = `
    import { writeSync } from 'node:fs'
    import { openSqliteOutbox } from '${module}'
    const outbox = openSqliteOutbox({ directory: ${JSON.stringify(directory)} })
    writeSync(1, 'ready\\n')
    for (let i = 0; ; i += 3) {
      await Promise.all([i, i + 1, i + 2].map(async n => {
        const id = '${round}-' + n
        await outbox.add({ kind: 'event', id, payload: Buffer.from('payload of ' + id) })
        writeSync(1, id + '\\n')
      }))
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', chunk => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
    text += chunk
  })
  await once(child, 'close')
  const lines = text.split('\n')
  lines.pop()
  return lines.slice(1)
}
