import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dayMs, hourMs } from '../../core/clock.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { openFileSnapshotReader, openFileSnapshots } from '../../gateway/snapshots/file-snapshots.ts'
import type { NewPicture, PictureKey } from '../../gateway/snapshots/snapshots.ts'
import { someMoment, somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Positions begin at the moment of the first start. */
const first = someMoment + 1
const jpeg = (size = 1000) => Buffer.alloc(size, 7)
const picture = (event: string, change: Partial<NewPicture> = {}): NewPicture => ({
  device: 'd1', event, at: someMoment, place: somewhere, urgent: false, ...change,
}) // biome-ignore format: a picture

async function open(change: { keepBytes?: number; keepMs?: number; directory?: string } = {}) {
  const directory = change.directory ?? (await temporaryDirectory())
  const state = createMemoryState()
  const clock = { now: someMoment }
  const held = new Set<string>()
  const options = {
    directory,
    state,
    clock: () => clock.now,
    keepBytes: 1e9,
    keepMs: 30 * dayMs,
    isHeld: ({ event }: PictureKey) => held.has(event),
    ...change,
  }
  const snapshots = await openFileSnapshots(options)
  const files = async () =>
    (await readdir(directory, { recursive: true })).filter(name => name.endsWith('.jpg')).sort()
  const log = async () => {
    const names = (await readdir(directory)).filter(name => name.endsWith('.log'))
    const texts = await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))
    return texts.join('').split('\n').filter(Boolean).map(line => JSON.parse(line)) // biome-ignore format: one chain
  }
  return { snapshots, directory, state, clock, held, files, log, again: () => openFileSnapshots(options) }
}

describe('snapshots at rest', () => {
  test('are found by device and event, also by another reader and after a restart', async () => {
    const { snapshots, directory, state, again } = await open()
    const put = await snapshots.put(picture('a', { urgent: true }), jpeg(123))
    expect(put).toEqual({
      ...picture('a', { urgent: true }),
      position: first,
      restedAt: someMoment,
      bytes: 123,
    })
    for (const reader of [snapshots, openFileSnapshotReader({ directory, state }), await again()]) {
      expect(reader.find({ device: 'd1', event: 'a' })).toEqual(put)
      expect((await reader.read({ device: 'd1', event: 'a' }))?.length).toBe(123)
      expect(reader.find({ device: 'd2', event: 'a' })).toBeUndefined()
      expect(await reader.read({ device: 'd2', event: 'a' })).toBeUndefined()
    }
    expect((await again()).stats()).toMatchObject({ pictures: 1, bytes: 123 })
  })

  test('are put once, however often and however at once', async () => {
    const { snapshots, files } = await open()
    const all = await Promise.all([1, 2, 3].map(() => snapshots.put(picture('a'), jpeg())))
    all.push(await snapshots.put(picture('a'), jpeg(5)))
    expect(new Set(all.map(({ position }) => position))).toEqual(new Set([first]))
    expect(snapshots.stats()).toMatchObject({ pictures: 1, bytes: 1000 })
    expect(await files()).toEqual([`2026-11-21/${first}.jpg`])
  })

  test('lie in a directory a day, under names that tell nothing', async () => {
    const { snapshots, clock, files } = await open()
    await snapshots.put(picture('a'), jpeg())
    clock.now += dayMs
    await snapshots.put(picture('b'), jpeg())
    expect(await files()).toEqual([`2026-11-21/${first}.jpg`, `2026-11-22/${first + 1}.jpg`])
  })

  test('are listed newest event first, by device, by time and page by page', async () => {
    const { snapshots } = await open()
    for (const [index, event] of ['a', 'b', 'c', 'd', 'e'].entries())
      await snapshots.put(
        picture(event, { at: someMoment + (index % 3), device: index === 2 ? 'd2' : 'd1' }),
        jpeg(),
      )
    const events = (query: object) => snapshots.list({ limit: 10, ...query }).map(({ event }) => event)
    expect(events({})).toEqual(['c', 'e', 'b', 'd', 'a'])
    expect(events({ device: 'd1' })).toEqual(['e', 'b', 'd', 'a'])
    expect(events({ from: someMoment + 1, to: someMoment + 2 })).toEqual(['e', 'b'])
    const [newest, second] = snapshots.list({ limit: 2 })
    expect([newest?.event, second?.event]).toEqual(['c', 'e'])
    expect(snapshots.list({ limit: 10, after: second! }).map(({ event }) => event)).toEqual(['b', 'd', 'a'])
    expect(snapshots.after(first + 2, 1).map(({ event }) => event)).toEqual(['d'])
  })

  test('go when they are too old, and a log says so', async () => {
    const { snapshots, clock, files, log } = await open({ keepMs: hourMs })
    await snapshots.put(picture('old'), jpeg())
    clock.now += hourMs / 2
    await snapshots.put(picture('new'), jpeg())
    clock.now += hourMs / 2 + 1
    await snapshots.sweep()
    expect(await files()).toEqual([`2026-11-21/${first + 1}.jpg`])
    expect(snapshots.find({ device: 'd1', event: 'old' })).toBeUndefined()
    expect(snapshots.list({ limit: 10 })).toHaveLength(1)
    expect(snapshots.stats()).toMatchObject({
      pictures: 1,
      bytes: 1000,
      deleted: { age: 1, room: 0, orphan: 0 },
    })
    expect(await log()).toEqual([
      expect.objectContaining({
        device: 'd1',
        event: 'old',
        reason: 'age',
        bytes: 1000,
        at: '2026-11-21T09:30:00.001Z',
      }),
    ])
  })

  test('make room for newer ones, the oldest first', async () => {
    const { snapshots, log } = await open({ keepBytes: 2500 })
    for (const event of ['a', 'b', 'c', 'd']) await snapshots.put(picture(event), jpeg())
    await snapshots.sweep()
    expect(snapshots.list({ limit: 9 }).map(({ event }) => event)).toEqual(['d', 'c'])
    expect((await log()).map(({ event, reason }) => [event, reason])).toEqual([['a', 'room'], ['b', 'room']]) // biome-ignore format: pairs
  })

  test('stay while they are held, whatever their age and size', async () => {
    const { snapshots, clock, held } = await open({ keepMs: hourMs, keepBytes: 1500 })
    for (const event of ['a', 'b', 'c']) await snapshots.put(picture(event), jpeg())
    held.add('a')
    await snapshots.sweep()
    expect(snapshots.list({ limit: 9 }).map(({ event }) => event)).toEqual(['a'])
    clock.now += 2 * hourMs
    await snapshots.sweep()
    expect(snapshots.stats()).toMatchObject({ pictures: 1, held: 1 })
    held.delete('a')
    await snapshots.sweep()
    expect(snapshots.stats()).toMatchObject({ pictures: 0, held: 0, bytes: 0 })
  })

  test('and their index are reconciled: files that it does not know go, and rows without a file', async () => {
    const { snapshots, directory, clock, files } = await open()
    await snapshots.put(picture('a'), jpeg())
    await snapshots.put(picture('b'), jpeg())
    await writeFile(join(directory, '2026-11-21', '77.jpg'), 'orphan')
    await writeFile(join(directory, '2026-11-21', `${first + 2}.jpg.new`), 'draft')
    await mkdir(join(directory, '2026-01-01'))
    await writeFile(join(directory, '2026-01-01', `${first}.jpg`), 'in the wrong day')
    await rm(join(directory, '2026-11-21', `${first + 1}.jpg`))
    clock.now += hourMs
    await snapshots.reconcile()
    expect(await files()).toEqual([`2026-11-21/${first}.jpg`])
    expect(snapshots.find({ device: 'd1', event: 'b' })).toBeUndefined()
    expect(snapshots.stats()).toMatchObject({ pictures: 1, bytes: 1000, deleted: { orphan: 4 } })
    await snapshots.reconcile()
    expect(existsSync(join(directory, '2026-01-01'))).toBe(false)
  })
})
