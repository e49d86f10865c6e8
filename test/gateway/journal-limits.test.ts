import { describe, expect, onTestFinished, test } from 'vitest'
import { dayMs } from '../../core/clock.ts'
import type { LintelError } from '../../core/errors.ts'
import { type LmdbJournalOptions, openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { openDatabases } from '../../gateway/journal/lmdb-layout.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { nextRefusal } from '../../gateway/journal/space.ts'
import { item, parkedItem, passage, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const roomy = { maxRememberedIds: 1e6, maxParked: 1000, maxBytes: 1e9, reserveBytes: 0 }

async function open(change: Partial<LmdbJournalOptions> = {}) {
  const directory = change.directory ?? (await temporaryDirectory())
  const faults: LintelError[] = []
  const onFault = (error: unknown) => void faults.push(error as LintelError)
  const journal = await openLmdbJournal({ clock: () => someMoment, ...roomy, onFault, ...change, directory })
  const reader = openLmdbJournalReader(directory)
  onTestFinished(async () => {
    await reader.close()
    await journal.stop()
  })
  return { directory, journal, reader, faults }
}

const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => item(`n${from + i}`))

describe('nextRefusal', () => {
  const limits = { maxBytes: 1000, reserveBytes: 100 }
  const cases = [
    { title: 'takes more while there is room', before: undefined, bytes: 999, free: 100, after: undefined },
    { title: 'refuses when full', before: undefined, bytes: 1000, free: 500, after: 'JOURNAL_FULL' },
    {
      title: 'goes on refusing until it is some way back',
      before: 'JOURNAL_FULL',
      bytes: 951,
      free: 500,
      after: 'JOURNAL_FULL',
    },
    { title: 'takes more again below 95 %', before: 'JOURNAL_FULL', bytes: 949, free: 500, after: undefined },
    {
      title: 'refuses when the disk is low',
      before: undefined,
      bytes: 0,
      free: 99,
      after: 'JOURNAL_DISK_LOW',
    },
    {
      title: 'goes on refusing up to twice the reserve',
      before: 'JOURNAL_DISK_LOW',
      bytes: 0,
      free: 199,
      after: 'JOURNAL_DISK_LOW',
    },
    {
      title: 'takes more again with twice the reserve',
      before: 'JOURNAL_DISK_LOW',
      bytes: 0,
      free: 200,
      after: undefined,
    },
    {
      title: 'says full when the disk is well again but it is full',
      before: 'JOURNAL_DISK_LOW',
      bytes: 1000,
      free: 200,
      after: 'JOURNAL_FULL',
    },
  ] as const
  for (const { title, before, bytes, free, after } of cases) {
    test(title, () => expect(nextRefusal(before, { bytes, freeBytes: free }, limits)).toBe(after))
  }
})

test('a full journal refuses, counts what it refused, and takes more once it is trimmed', async () => {
  const { journal, reader } = await open({ maxBytes: 5000 })
  await journal.append('d1', many(0, 200))
  await expect.poll(() => journal.stats().refusing).toBe('JOURNAL_FULL')
  journal.note('d1', 'event', { received: 203 })
  await expect(journal.append('d1', many(200, 3))).rejects.toMatchObject({
    code: 'JOURNAL_FULL',
    retryable: true,
  })
  await journal.trim(reader.end(), Number.POSITIVE_INFINITY)
  await expect.poll(() => journal.stats().refusing).toBeUndefined()
  expect(await journal.append('d1', many(200, 1))).toEqual(['stored'])
  expect(reader.audit(0).tallies.get('d1')?.event).toMatchObject({ received: 203, stored: 201, refused: 3 })
})

test('a disk that runs low is refused to devices and said to the operator; consumers go on', async () => {
  let free = 1000e6
  let looks = 0
  const freeBytes = async () => {
    looks++
    return free
  }
  const { journal, reader, faults } = await open({ reserveBytes: 100e6, freeBytes })
  await journal.append('d1', many(0, 10))
  free = 50e6
  await expect.poll(() => journal.stats().refusing, { timeout: 5000 }).toBe('JOURNAL_DISK_LOW')
  await expect(journal.append('d1', many(10, 1))).rejects.toMatchObject({ code: 'JOURNAL_DISK_LOW' })
  expect(reader.read(0, 100).entries).toHaveLength(10)
  expect(await journal.trim(5, Number.POSITIVE_INFINITY)).toBe(0)
  expect(await journal.trim(10, Number.POSITIVE_INFINITY)).toBe(10)
  free = 150e6
  looks = 0
  await expect.poll(() => looks, { timeout: 5000 }).toBeGreaterThan(1)
  expect(journal.stats().refusing).toBe('JOURNAL_DISK_LOW')
  free = 250e6
  await expect.poll(() => journal.stats().refusing, { timeout: 5000 }).toBeUndefined()
  expect(faults.map(({ code }) => code)).toEqual(['JOURNAL_DISK_LOW'])
})

test('more than the disk takes is refused at once instead of piling up in memory', async () => {
  const { journal } = await open({ maxPendingBytes: 10_000 })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) => journal.append('d1', many(i * 20, 20))),
  )
  const refused = outcomes.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThan(50)
  for (const { reason } of refused as PromiseRejectedResult[])
    expect(reason).toMatchObject({ code: 'PUBLISH_OVERLOADED' })
  expect(journal.stats().end).toBe(20 * (50 - refused.length))
})

test('ids are forgotten after 31 days, and not before', async () => {
  let now = someMoment
  const { journal } = await open({ clock: () => now })
  await journal.append('d1', [item('a')])
  now += 31 * dayMs
  expect(await journal.append('d1', [item('a')])).toEqual(['duplicate'])
  now += 1.5 * dayMs
  await expect.poll(() => journal.stats().remembered, { timeout: 10_000 }).toBe(0)
  expect(await journal.append('d1', [item('a')])).toEqual(['stored'])
})

test('past the bound on ids the oldest days are forgotten first', async () => {
  let now = someMoment
  const { journal } = await open({ clock: () => now, maxRememberedIds: 250 })
  for (let day = 0; day < 3; day++) {
    await journal.append('d1', many(day * 100, 100))
    now += dayMs
  }
  await expect
    .poll(() => journal.stats(), { timeout: 10_000 })
    .toMatchObject({ remembered: 200, rememberedDays: 2 })
  expect(await journal.append('d1', [item('n299'), item('n100')])).toEqual(['duplicate', 'duplicate'])
  expect(await journal.append('d1', [item('n0')])).toEqual(['stored'])
})

test('past the bound on parked items the oldest is dropped, and stays counted', async () => {
  const { journal, reader } = await open({ maxParked: 3 })
  for (let n = 0; n < 5; n++) await journal.append('d1', [parkedItem({ reason: `${n}` })])
  expect(reader.parked(10).map(({ reason }) => reason)).toEqual(['4', '3', '2'])
  expect(reader.audit(0).tallies.get('d1')?.event.parked).toBe(5)
})

test('of parked items the device that has most loses its oldest, also after a restart, and each is counted', async () => {
  const { directory, journal, reader } = await open({ maxParked: 10 })
  await journal.append('good', [parkedItem({ reason: 'keep' })])
  await journal.append(
    'flood',
    Array.from({ length: 500 }, (_, n) => parkedItem({ reason: `${n}` })),
  )
  expect(reader.parked(99).map(({ reason }) => reason)).toEqual(
    [...Array(9).keys()].map(n => `${499 - n}`).concat('keep'),
  )
  expect(journal.stats()).toMatchObject({ parked: 10, parkedDropped: 491 })
  await reader.close()
  await journal.stop()
  const again = await open({ directory, maxParked: 10 })
  await again.journal.append('flood', [parkedItem({ reason: 'last' })])
  await again.journal.append('new', [parkedItem({ reason: 'new' })])
  const devices = again.reader.parked(99).map(({ device }) => device)
  expect(devices.filter(device => device !== 'flood')).toEqual(['new', 'good'])
  expect(again.journal.stats()).toMatchObject({ parked: 10, parkedDropped: 493 })
  expect(await again.journal.dropParked(again.reader.parked(1)[0]!.key)).toBe(true)
  await again.journal.append('new', [parkedItem({ reason: 'newer' })])
  expect(again.journal.stats()).toMatchObject({ parked: 10, parkedDropped: 493 })
})

test('a parked payload that is too large is kept without its payload', async () => {
  const { journal, reader } = await open()
  await journal.append('d1', [parkedItem({ payload: { members: 'x'.repeat(20_000) } })])
  expect(reader.parked(1)).toMatchObject([{ device: 'd1', code: 'EVENT_INVALID' }])
  expect(reader.parked(1)[0]).not.toHaveProperty('payload')
})

test('what is stopped and opened again goes on: positions, ids, counts, parked items', async () => {
  const { directory, journal, reader } = await open()
  await journal.append('d1', [item('a'), parkedItem()])
  await journal.append('d2', [item('b')])
  const { id } = reader
  await reader.close()
  await journal.stop()
  const again = await open({ directory })
  expect(again.reader.id).toBe(id)
  expect(await again.journal.append('d2', [item('b'), item('c')])).toEqual(['duplicate', 'stored'])
  expect(again.reader.end()).toBe(3)
  expect(again.reader.audit(0).tallies.get('d1')?.event).toMatchObject({ stored: 1, parked: 1 })
  expect(again.journal.stats()).toMatchObject({ records: 3, parked: 1, remembered: 3 })
})

test('a block that the disk has damaged is skipped and told; what is around it flows', async () => {
  const { directory, journal, reader } = await open()
  for (let n = 0; n < 3; n++) await journal.append('d1', many(n * 10, 10))
  await reader.close()
  await journal.stop()
  const databases = openDatabases(directory, false)
  const block = Buffer.from(databases.block.get(11)!)
  // In the number of records and in a record: nothing of it is to be believed.
  block[4]! ^= 0x40
  block[40]! ^= 1
  await databases.block.put(11, block)
  await databases.root.close()
  const again = await open({ directory })
  const { entries, next, damaged } = again.reader.read(0, 100)
  expect(entries.map(({ seq }) => seq)).toEqual(
    [...Array(10).keys()].flatMap(n => [n + 1]).concat([...Array(10).keys()].map(n => n + 21)),
  )
  expect([next, damaged]).toEqual([30, 10])
  expect(again.reader.read(15, 100)).toMatchObject({ damaged: 5, next: 30 })
  expect(await again.journal.trim(30, Number.POSITIVE_INFINITY)).toBe(30)
  expect(again.journal.stats()).toMatchObject({ records: 0, bytes: 0 })
})

test('an audit is of one moment, also while records are being appended', async () => {
  const { journal, reader } = await open()
  let appending = true
  const writer = (async () => {
    for (let n = 0; appending; n++) {
      journal.note('d1', 'event', { received: 5 })
      await journal.append('d1', many(n * 5, 5))
    }
  })()
  for (let look = 0; look < 200; look++) {
    const { tallies, queued, end } = reader.audit(0)
    const { received = 0, stored = 0 } = tallies.get('d1')?.event ?? {}
    expect([received, stored, queued.get('d1') ?? 0]).toEqual([end, end, end])
    await new Promise(resolve => setImmediate(resolve))
  }
  appending = false
  await writer
})

test('records keep what they were in blocks of any size', async () => {
  const { journal, reader } = await open()
  const records = Array.from({ length: 2000 }, (_, n) =>
    item(`n${n}`, passage({ at: someMoment + n, late: n % 2 === 0 })),
  )
  for (let n = 0; n < records.length; ) {
    const size = 1 + ((n * 7) % 97)
    await journal.append('d1', records.slice(n, n + size))
    n += size
  }
  for (const limit of [1, 13, 500, 5000]) {
    const ats: number[] = []
    for (let seq = 0; ats.length < 2000 && ats.length < 3 * limit + 100; ) {
      const { entries, next } = reader.read(seq, limit)
      ats.push(...entries.map(({ record }) => record.at))
      seq = next
    }
    expect(ats).toEqual(Array.from({ length: ats.length }, (_, n) => someMoment + n))
  }
})
