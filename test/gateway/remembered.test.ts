import { array, assert, asyncProperty, boolean, integer, record } from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import { Batch } from '../../gateway/journal/frame.ts'
import { answerWords } from '../../gateway/journal/group-commit.ts'
import { openDatabases } from '../../gateway/journal/lmdb-layout.ts'
import { openWriter, type Writer } from '../../gateway/journal/lmdb-writer.ts'
import { isRememberedRow } from '../../gateway/journal/remembered-row.ts'
import { passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const nothingNew = { devices: [], places: [] }

const open = async (maxRememberedIds = 1_000_000, directory?: string) => {
  const place = directory ?? (await temporaryDirectory())
  const writer = openWriter({ directory: place, maxRememberedIds, maxParked: 10, registered: [] })
  return { writer, directory: place }
}
const closing = async (maxRememberedIds?: number) => {
  const opened = await open(maxRememberedIds)
  onTestFinished(() => opened.writer.close())
  return opened
}

/** As it was written before an event's content was remembered: day, part and their check. */
function rowWithoutContent(key: Buffer, row: Buffer): Buffer {
  let hash = 0x811c_9dc5
  for (const byte of Buffer.concat([key, row.subarray(0, 4)])) hash = Math.imul(hash ^ byte, 0x0100_0193)
  const old = Buffer.alloc(6)
  row.copy(old, 0, 0, 4)
  old.writeUInt16BE((hash ^ (hash >>> 16)) & 0xffff, 4)
  return old
}

function commitRecords(writer: Writer, records: readonly Parameters<Batch['append']>[2][]): string[] {
  const batch = new Batch(new ArrayBuffer(256 * 1024))
  for (const record of records) batch.append(1, 'event', record, 1)
  const frames = Buffer.from(batch.take(), 0, batch.length)
  return [...writer.commit(frames, records.length, nothingNew, someMoment).outcomes].map(
    code => answerWords[code]!,
  )
}

/** Commits ids of devices, by number, and gives back how each was answered. */
function commit(
  writer: Writer,
  ids: readonly (readonly [device: number, id: string])[],
  now: number,
): string[] {
  const batch = new Batch(new ArrayBuffer(256 * 1024))
  for (const [device, id] of ids) batch.append(device, 'event', { id, record: passage({ at: now }) }, 1)
  const frames = Buffer.from(batch.take(), 0, batch.length)
  const { outcomes } = writer.commit(frames, ids.length, nothingNew, now)
  return [...outcomes].map(code => answerWords[code]!)
}

const idsOf = (device: number, name: string, n: number) =>
  Array.from({ length: n }, (_, i) => [device, `${name}-${i}`] as const)
const known = (writer: Writer, ids: readonly (readonly [number, string])[], now: number) =>
  commit(writer, ids, now).filter(word => word === 'duplicate').length

describe('an id', () => {
  for (const [
    days,
    word,
  ] of [[1, 'duplicate'], [30, 'duplicate'], [31, 'duplicate'], [32, 'stored']] as const) // biome-ignore format: a table
    test(`is ${word === 'stored' ? 'new again' : 'known'} ${days} days after it was stored, swept or not`, async () => {
      const { writer } = await closing()
      commit(writer, [[1, 'a'], [2, 'b']], someMoment) // biome-ignore format: one line
      const then = someMoment + days * dayMs
      expect(commit(writer, [[1, 'a']], then)).toEqual([word])
      writer.forget(then)
      expect(commit(writer, [[2, 'b']], then)).toEqual([word])
      // Stored anew, it is known for as long again.
      expect(commit(writer, [[1, 'a']], then + dayMs)).toEqual([
        word === 'stored' || days < 31 ? 'duplicate' : 'stored',
      ])
    })

  test('of which an older version did not write down what it was of is known, whatever comes under it', async () => {
    const { writer, directory } = await open()
    commit(writer, [[1, 'a'], [1, 'b']], someMoment) // biome-ignore format: one line
    await writer.close()
    const db = openDatabases(directory, false)
    for (const { key, value } of db.seen.getRange()) {
      const [row, ofKey] = [Buffer.from(value), Buffer.from(key)]
      const old = ofKey.at(-1) === 'a'.charCodeAt(0) ? rowWithoutContent(ofKey, row) : row.subarray(0, 2)
      expect(isRememberedRow(ofKey, old, { mustBeChecked: old.length > 2 })).toBe(true)
      db.root.transactionSync(() => db.seen.putSync(ofKey, old))
    }
    await db.root.close()
    const again = await open(1_000_000, directory)
    onTestFinished(() => again.writer.close())
    const records = ['a', 'b', 'c', 'c'].map((id, n) => ({
      id,
      record: passage(),
      claimedAt: someMoment + n * dayMs,
    }))
    expect(commitRecords(again.writer, records)).toEqual(['duplicate', 'duplicate', 'stored', 'reused'])
  })

  test('is not forgotten by a commit that fails', async () => {
    const { writer } = await closing(100)
    commit(writer, idsOf(1, 'a', 90), someMoment)
    const before = writer.stats()
    const batch = new Batch(new ArrayBuffer(256 * 1024))
    for (const [device, id] of idsOf(1, 'b', 60))
      batch.append(device, 'event', { id, record: passage({ at: someMoment }) }, 1)
    batch.write(2, 1, 'event', '', Buffer.from('no JSON'))
    const frames = Buffer.from(batch.take(), 0, batch.length)
    expect(() => writer.commit(frames, 61, nothingNew, someMoment + 40 * dayMs)).toThrow(
      'could not be written',
    )
    expect(writer.stats()).toEqual(before)
    expect(known(writer, idsOf(1, 'a', 90), someMoment)).toBe(90)
    expect(commit(writer, [[1, 'b-1']], someMoment)).toEqual(['stored'])
  })
})

describe('past the bound', () => {
  test('the device that has most gives way, and no other loses an id', async () => {
    const { writer } = await closing(1000)
    const others = Array.from({ length: 9 }, (_, n) => n + 2)
    for (let day = 0; day < 5; day++)
      for (const device of others) commit(writer, idsOf(device, `d${day}`, 10), someMoment + day * dayMs)
    const now = someMoment + 5 * dayMs
    for (let i = 0; i < 50; i++) commit(writer, idsOf(1, `flood${i}`, 100), now)
    writer.forget(now)
    const { remembered, rememberedGaveWay, rememberedLargest } = writer.stats()
    expect(remembered).toBeLessThanOrEqual(1000)
    expect(rememberedGaveWay).toBe(5000 - (remembered - 450))
    expect(rememberedLargest).toBe(remembered - 450)
    for (const device of others)
      for (let day = 0; day < 5; day++) expect(known(writer, idsOf(device, `d${day}`, 10), now)).toBe(10)
    // What it sent last it may send again.
    expect(known(writer, idsOf(1, 'flood49', 30).slice(0, 30), now)).toBe(30)
    expect(commit(writer, [[1, 'flood0-0']], now)).toEqual(['stored'])
  })

  test('devices that are alike lose their oldest days in turn, and none that of today', async () => {
    const { writer } = await closing(1000)
    for (let day = 0; day < 4; day++)
      for (let device = 1; device <= 10; device++)
        commit(writer, idsOf(device, `d${day}`, 30), someMoment + day * dayMs)
    const now = someMoment + 3 * dayMs
    for (let device = 1; device <= 10; device++) {
      expect(known(writer, idsOf(device, 'd3', 30), now)).toBe(30)
      expect(known(writer, idsOf(device, 'd2', 30), now)).toBe(30)
      expect(known(writer, idsOf(device, 'd1', 30), now)).toBe(30)
    }
  })

  test('what gave way leaves the disk', async () => {
    const { writer, directory } = await open(100)
    for (let i = 0; i < 20; i++) commit(writer, idsOf(1, `n${i}`, 50), someMoment)
    const { remembered } = writer.forget(someMoment)
    await writer.close()
    const db = openDatabases(directory, false)
    onTestFinished(() => db.root.close())
    expect([...db.seen.getKeys()].length).toBe(remembered)
  })
})

const step = record({
  device: integer({ min: 1, max: 4 }),
  from: integer({ min: 0, max: 60 }),
  ids: integer({ min: 1, max: 30 }),
  hours: integer({ min: 0, max: 200 }),
  sweep: boolean(),
  again: boolean(),
})

test('what is known follows from what was committed and when, whatever is swept or opened anew in between', async () => {
  const property = asyncProperty(array(step, { minLength: 1, maxLength: 30 }), async steps => {
    const plain = await open(60)
    const tried = await open(60)
    let now = someMoment
    try {
      for (const { device, from, ids, hours, sweep, again } of steps) {
        now += hours * 3_600_000
        if (sweep) tried.writer.forget(now)
        if (again) {
          await tried.writer.close()
          tried.writer = (await open(60, tried.directory)).writer
        }
        const wanted = Array.from({ length: ids }, (_, i) => [device, `n${from + i}`] as const)
        expect(commit(tried.writer, wanted, now)).toEqual(commit(plain.writer, wanted, now))
        const { remembered, rememberedGaveWay } = plain.writer.stats()
        expect(tried.writer.stats()).toMatchObject({ remembered, rememberedGaveWay })
      }
    } finally {
      await plain.writer.close()
      await tried.writer.close()
    }
  })
  await assert(property, { numRuns: 25 })
})

test('a journal of a version that knew no shares is counted once', async () => {
  const { writer, directory } = await open(1000)
  commit(writer, idsOf(1, 'a', 40), someMoment)
  commit(writer, idsOf(2, 'b', 5), someMoment + dayMs)
  await writer.close()
  const db = openDatabases(directory, false)
  const { forgetting: _, ...totals } = db.meta.get('totals') as object & { forgetting: unknown }
  await db.root.transaction(() => {
    db.meta.putSync('totals', totals)
    for (const device of [...db.share.getKeys()]) db.share.removeSync(device)
  })
  await db.root.close()
  const again = await open(1000, directory)
  onTestFinished(() => again.writer.close())
  again.writer.forget(someMoment + dayMs)
  expect(again.writer.stats()).toMatchObject({ remembered: 45, rememberedDays: 2, rememberedLargest: 40 })
  expect(known(again.writer, idsOf(1, 'a', 40), someMoment + 31 * dayMs)).toBe(40)
  expect(known(again.writer, idsOf(1, 'a', 40), someMoment + 32 * dayMs)).toBe(0)
})
