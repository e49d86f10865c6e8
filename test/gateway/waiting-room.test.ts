import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWaitingRoom } from '../../gateway/admit/waiting-room.ts'
import { jpeg } from '../support/messages.ts'
import { someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const clock = { now: someMoment }
async function open(change: Partial<{ directory: string; maxBytes: number; maxAgeMs: number }> = {}) {
  const directory = change.directory ?? (await temporaryDirectory())
  clock.now = someMoment
  const room = await openWaitingRoom({
    clock: () => clock.now,
    maxBytes: 10_000,
    maxAgeMs: 60_000,
    ...change,
    directory,
  })
  return { room, directory, files: () => readdir(directory) }
}

describe('the waiting room', () => {
  test('gives back what was put, by device and event', async () => {
    const { room } = await open()
    await room.put('d1', 'a', jpeg(100))
    await room.put('d2', 'a', jpeg(200))
    expect((await room.get('d1', 'a'))?.length).toBe(100)
    expect((await room.get('d2', 'a'))?.length).toBe(200)
    expect(await room.get('d1', 'b')).toBeUndefined()
    await room.remove('d1', 'a')
    await room.remove('d1', 'a')
    expect(await room.get('d1', 'a')).toBeUndefined()
    expect(room.stats()).toEqual({ pictures: 1, bytes: 200, evicted: 0, expired: 0 })
  })

  test('keeps the first of the same picture', async () => {
    const { room, files } = await open()
    await room.put('d1', 'a', jpeg(100))
    await room.put('d1', 'a', jpeg(300))
    await Promise.all([
      room.put('d1', 'b', jpeg(100)),
      room.put('d1', 'b', jpeg(100)),
      room.put('d1', 'b', jpeg(100)),
    ])
    expect(room.stats()).toMatchObject({ pictures: 2, bytes: 200 })
    expect(await files()).toHaveLength(2)
  })

  test('promises the same picture again only when the first is safe', async () => {
    const { room } = await open()
    const order: string[] = []
    const first = room.put('d1', 'a', jpeg(9000)).then(() => order.push('first'))
    const second = room.put('d1', 'a', jpeg(9000)).then(() => order.push('second'))
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  test('fails both where the same picture is put twice and cannot be written, and takes it later', async () => {
    const { room, directory } = await open()
    // A directory in the place of the picture, since root may write any file.
    const name = `${createHash('sha256').update('d1\0a').digest('hex').slice(0, 40)}.jpg`
    await mkdir(join(directory, name, 'x'), { recursive: true })
    const answers = await Promise.allSettled([room.put('d1', 'a', jpeg()), room.put('d1', 'a', jpeg())])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(room.stats()).toMatchObject({ pictures: 0, bytes: 0 })
    await rm(join(directory, name), { recursive: true })
    await room.put('d1', 'a', jpeg())
    expect((await room.get('d1', 'a'))?.length).toBe(1000)
  })

  test('when full drops the oldest and counts it', async () => {
    const { room, files } = await open({ maxBytes: 3500 })
    for (const event of ['a', 'b', 'c', 'd', 'e']) await room.put('d1', event, jpeg(1000))
    expect(room.stats()).toEqual({ pictures: 3, bytes: 3000, evicted: 2, expired: 0 })
    expect(await room.get('d1', 'b')).toBeUndefined()
    expect(await room.get('d1', 'c')).toBeDefined()
    expect(await files()).toHaveLength(3)
  })

  test('when full drops the oldest of whoever has most waiting, not the only one of another', async () => {
    const { room } = await open({ maxBytes: 50_000 })
    await room.put('other', 'a', jpeg(1000))
    for (let n = 0; n < 30; n++) await room.put('flood', `f${n}`, jpeg(10_000))
    await room.put('third', 'a', jpeg(1000))
    expect(await room.get('other', 'a')).toBeDefined()
    expect(await room.get('third', 'a')).toBeDefined()
    expect(await room.get('flood', 'f29')).toBeDefined()
    expect(room.stats()).toMatchObject({ pictures: 6, bytes: 42_000, evicted: 26 })
  })

  test('stays within its limit, on disk too, when many come at once', async () => {
    const { room, files, directory } = await open({ maxBytes: 5000 })
    await Promise.all(Array.from({ length: 60 }, (_, n) => room.put('d1', `n${n}`, jpeg(1000))))
    expect(room.stats()).toEqual({ pictures: 5, bytes: 5000, evicted: 55, expired: 0 })
    const names = await files()
    expect(names).toHaveLength(5)
    const sizes = await Promise.all(names.map(async name => (await stat(join(directory, name))).size))
    expect(sizes).toEqual(Array(5).fill(1000))
    for (const n of [55, 59]) expect(await room.get('d1', `n${n}`)).toBeDefined()
  })

  test('drops what is too old, and counts it', async () => {
    const { room, files } = await open()
    await room.put('d1', 'a', jpeg())
    clock.now += 60_000
    await room.put('d1', 'b', jpeg())
    await room.sweep()
    expect(room.stats()).toMatchObject({ pictures: 2, expired: 0 })
    clock.now += 1
    await room.sweep()
    expect(room.stats()).toMatchObject({ pictures: 1, expired: 1 })
    expect(await files()).toHaveLength(1)
  })

  test('knows after a restart what waits and how old it is, and removes drafts', async () => {
    const { room, directory } = await open()
    await room.put('d1', 'new', jpeg(100))
    await room.put('d1', 'old', jpeg(200))
    const [oldName] = (
      await Promise.all(
        (
          await readdir(directory)
        ).map(async name => [name, (await stat(join(directory, name))).size] as const),
      )
    ).find(([, size]) => size === 200)!
    await utimes(join(directory, oldName), someMoment / 1000 - 3600, someMoment / 1000 - 3600)
    await writeFile(join(directory, 'x.jpg.7'), 'half')
    const again = await open({ directory })
    expect(again.room.stats()).toMatchObject({ pictures: 2, bytes: 300 })
    expect(await again.files()).toHaveLength(2)
    await again.room.sweep()
    expect(await again.room.get('d1', 'old')).toBeUndefined()
    expect(await again.room.get('d1', 'new')).toBeDefined()
  })

  test('writes all that was put before it closes, and takes nothing afterwards', async () => {
    const { room, files } = await open()
    const puts = ['a', 'b', 'c'].map(event => room.put('d1', event, jpeg()))
    await room.close()
    expect(await files()).toHaveLength(3)
    await Promise.all(puts)
    await expect(room.put('d1', 'd', jpeg())).rejects.toMatchObject({ code: 'JOURNAL_CLOSED' })
  })

  test('lets nobody else on the machine read a picture, nor tell from a name whose it is', async () => {
    const { room, directory, files } = await open()
    await chmod(directory, 0o755)
    await room.put('d1', 'event-a', jpeg())
    const [name] = await files()
    expect((await stat(join(directory, name!))).mode & 0o777).toBe(0o600)
    expect(name).toMatch(/^[0-9a-f]{40}\.jpg$/)
  })
})
