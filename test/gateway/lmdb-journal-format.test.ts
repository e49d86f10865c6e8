import { cp } from 'node:fs/promises'
import { array, assert, asyncProperty, integer, nat, tuple } from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { secondMs, systemClock } from '../../core/clock.ts'
import { commonPosition, epochAt } from '../../core/history.ts'
import { blockHead } from '../../gateway/journal/block.ts'
import { type LmdbJournalOptions, openLmdbJournal } from '../../gateway/journal/lmdb-journal.ts'
import { openDatabases } from '../../gateway/journal/lmdb-layout.ts'
import { openLmdbJournalReader } from '../../gateway/journal/lmdb-reader.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createTrimmer } from '../../gateway/journal/trimmer.ts'
import { item, passage, someMoment, somewhere } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const roomy = { maxRememberedIds: 1e6, maxParked: 1000, maxBytes: 1e9, reserveBytes: 0 }

async function openIn(directory: string, change: Partial<LmdbJournalOptions> = {}) {
  const journal = await openLmdbJournal({ directory, clock: systemClock, ...roomy, ...change })
  const reader = openLmdbJournalReader(directory)
  const close = async () => {
    await reader.close()
    await journal.stop()
  }
  onTestFinished(close)
  return { journal, reader, close }
}

describe('places in a journal', () => {
  const other = { ...somewhere, device: 'd2', building: 'b02' }

  test('are kept by name, whatever number the registry gives them later', async () => {
    const directory = await temporaryDirectory()
    const first = await openIn(directory)
    await first.journal.append('d1', [item('a', passage({ place: somewhere }))])
    await first.close()
    const second = await openIn(directory)
    // The registry was lost: number 1 is another door's.
    await second.journal.append('d2', [item('a', passage({ place: other }))])
    const places = second.reader.read(0, 9).entries.map(({ record }) => record.place)
    expect(places).toEqual([somewhere, other])
  })

  test('come back as the same object, and hold nothing but a place', async () => {
    const { journal, reader } = await openIn(await temporaryDirectory())
    const more = { ...somewhere, resident: 'Zhang San' }
    await journal.append('d1', [
      item('a', passage({ place: more })),
      item('b', passage({ place: { ...more } })),
    ])
    const [a, b] = reader.read(0, 9).entries.map(({ record }) => record.place)
    expect(a).toEqual(somewhere)
    expect(b).toBe(a)
  })
})

describe('an LMDB journal that is opened again', () => {
  test('begins an epoch with its first record, and goes on with the chain of its blocks', async () => {
    const directory = await temporaryDirectory()
    for (const round of ['a', 'b', 'c']) {
      const { journal, close } = await openIn(directory)
      // Opened and closed without a record, it leaves no trace.
      if (round !== 'b') for (const n of [1, 2]) await journal.append('d1', [item(round + n)])
      await close()
    }
    const { reader } = await openIn(directory)
    const openings = reader.openings()
    expect(openings.map(({ first }) => first)).toEqual([1, 3])
    expect(new Set(openings.map(({ epoch }) => epoch)).size).toBe(2)
    const db = openDatabases(directory, true)
    onTestFinished(() => db.root.close())
    const heads = [...db.block.getRange()].map(({ value }) => blockHead(value)!)
    expect(heads.map(({ first, epoch }) => [first, epoch])).toEqual(
      [1, 2, 3, 4].map(seq => [seq, epochAt(reader, seq)]),
    )
    const crcs = [...db.block.getRange()].map(({ value }) => value.readUInt32LE(0))
    expect(heads.map(({ chain }) => chain)).toEqual([0, ...crcs.slice(0, 3)])
  })

  test('has in common with what followed a copy of it no more than the copy', async () => {
    const [directory, copy] = [await temporaryDirectory(), await temporaryDirectory()]
    const original = await openIn(directory)
    await original.journal.append('d1', [item('a'), item('b')])
    await cp(directory, copy, { recursive: true })
    await original.journal.append('d1', [item('c'), item('d')])
    const position = { seq: 4, epoch: epochAt(original.reader, 4)! }
    const restored = await openIn(copy)
    expect(commonPosition(restored.reader, [position])).toBe(2)
    await restored.journal.append('d1', [item('e'), item('f'), item('g')])
    expect(commonPosition(restored.reader, [position])).toBe(2)
    expect(commonPosition(original.reader, [position])).toBe(4)
  })
})

test('a block that is not there is counted as damaged, in the middle and at the end', async () => {
  const directory = await temporaryDirectory()
  const first = await openIn(directory)
  for (let n = 0; n < 5; n++) await first.journal.append('d1', [item(`a${n}`), item(`b${n}`)])
  await first.close()
  const db = openDatabases(directory, false)
  for (const position of [3, 5, 9]) db.block.removeSync(position)
  await db.root.close()
  const { reader } = await openIn(directory)
  const { entries, next, damaged } = reader.read(0, 99)
  expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 7, 8])
  expect({ next, damaged }).toEqual({ next: 10, damaged: 6 })
})

test('stretches add up what was stored, say what a reader finds, and stay when records are freed', async () => {
  const { journal, reader } = await openIn(await temporaryDirectory())
  const at = (n: number) => passage({ at: someMoment + n, receivedAt: n })
  const snapshot = { ...at(3), kind: 'snapshot', data: { bytes: 9 } } as const
  await journal.append('d1', [item('a', at(1)), item('s', snapshot), item('b', at(2)), item('a', at(9))])
  await journal.append(
    'd1',
    Array.from({ length: 5000 }, (_, i) => item(`n${i}`, at(10 + i))),
  )
  const before = reader.stretches(0, 5003)
  expect(before).toMatchObject([
    { first: 1, last: 4096, rows: 4095, firstReceivedAt: 1, earliestAt: someMoment + 1 },
    { first: 4097, last: 8192, rows: 907, lastReceivedAt: 5009 },
  ])
  expect(before[0]!.seqs).toBe((4096 * 4097) / 2 - 2)
  expect(reader.stretches(0, 4098)[1]).toMatchObject({ rows: 2, seqs: 4097 + 4098, received: 4103 + 4104 })
  await journal.trim(5003, Number.POSITIVE_INFINITY)
  expect(reader.freedUpTo()).toBe(5003)
  expect(reader.stretches(0, 5003)).toEqual(before)
  expect(reader.read(0, 9)).toEqual({ entries: [], next: 5003, damaged: 0, freed: 5003 })
})

test('trimming frees a block only when all of it lies behind', async () => {
  const { journal, reader } = await openIn(await temporaryDirectory())
  await journal.append('d1', [item('a'), item('b')])
  await journal.append('d1', [item('c')])
  expect(await journal.trim(1, Number.POSITIVE_INFINITY)).toBe(0)
  expect(reader.read(0, 9).entries.map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(await journal.trim(2, Number.POSITIVE_INFINITY)).toBe(2)
  expect(reader.read(0, 9).entries.map(({ seq }) => seq)).toEqual([3])
})

describe('the trimmer', () => {
  test('frees nothing that any consumer has yet to read, whatever their cursors, sizes and times', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    await assert(
      asyncProperty(
        array(tuple(integer({ min: 1, max: 5 }), nat(120)), { minLength: 1, maxLength: 12 }),
        array(nat(40), { minLength: 1, maxLength: 4 }),
        integer({ min: 0, max: 100 }),
        integer({ min: 1, max: 2000 }),
        async (batches, cursors, retainS, maxBytes) => {
          let now = someMoment
          const journal = createMemoryJournal(() => now)
          const committedAt: number[] = [now]
          for (const [batch, [size, pauseS]] of batches.entries()) {
            now += pauseS * secondMs
            await journal.append(
              'd1',
              Array.from({ length: size }, (_, n) => item(`${batch}-${n}`)),
            )
            for (let n = 0; n < size; n++) committedAt.push(now)
          }
          const names = cursors.map((_, index) => `consumer-${index}`)
          const trimmer = createTrimmer(
            { consumers: names, retainMs: retainS * secondMs, maxBytes },
            {
              journal,
              cursors: { get: name => cursors[names.indexOf(name)]! },
              clock: () => now,
              onFault(error) {
                throw error
              },
            },
          )
          const pressed = journal.stats().bytes > maxBytes / 2
          await trimmer.start?.()
          await vi.advanceTimersByTimeAsync(5 * secondMs)
          await trimmer.stop?.()
          const held = new Set(journal.read(0, 1e6).entries.map(({ seq }) => seq))
          for (let seq = 1; seq <= journal.end(); seq++) {
            const isDone = seq <= Math.min(...cursors)
            const isOld = pressed || committedAt[seq]! < now - retainS * secondMs
            expect(held.has(seq), `position ${seq}`).toBe(!(isDone && isOld))
          }
        },
      ),
    )
  })
})
