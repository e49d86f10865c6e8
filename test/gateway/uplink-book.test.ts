import { describe, expect, onTestFinished, test } from 'vitest'
import { takeLedger } from '../../api/ledger.ts'
import type { History } from '../../core/history.ts'
import { openLmdbState } from '../../core/state/lmdb-state.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'
import { createMemoryJournal } from '../../gateway/journal/memory-journal.ts'
import { createBook, createBookReader } from '../../gateway/uplink/book.ts'
import { item, someMoment } from '../support/records.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const journalNamed = (id: string): History => ({
  id,
  openings: () => [{ epoch: 'e', first: 1 }],
  end: () => 100,
})

describe('the book of an uplink', () => {
  test('moves its cursor and its counts together, and never back', async () => {
    const state = createMemoryState()
    const book = createBook(state, journalNamed('j'))
    const reader = createBookReader(state, journalNamed('j'))
    await book.pass(5, new Map([['d1', 3]]))
    await book.pass(7, new Map([['d1', 1], ['d2', 1]])) // biome-ignore format: pairs
    await book.pass(7, new Map([['d1', 100]]))
    await book.passPictures(4)
    expect([book.cursor(), book.pictures()]).toEqual([7, 4])
    expect(await reader.applied('j')).toBe(7)
    expect([...(await reader.countByDevice('j', 7))]).toEqual([['d1', 4], ['d2', 1]]) // biome-ignore format: pairs
  })

  test('is of one journal, and of its name alone', async () => {
    const state = createMemoryState()
    await createBook(state, journalNamed('j')).pass(5, new Map([['d1', 3]]))
    await createBook(state, journalNamed('jj')).pass(9, new Map([['d1', 9]]))
    const reader = createBookReader(state, journalNamed('j'))
    expect(await reader.applied('jj')).toBe(0)
    expect(await reader.applied('j')).toBe(5)
    expect([...(await reader.countByDevice('j', 5))]).toEqual([['d1', 3]])
    expect(createBook(state, journalNamed('k')).cursor()).toBe(0)
  })

  test('answers for the moment that was asked for, while the uplink goes on', async () => {
    const directory = await temporaryDirectory()
    const state = openLmdbState({ directory })
    const book = createBook(state, journalNamed('j'))
    await book.pass(1, new Map([['d1', 1]]))
    const other = openLmdbState({ directory, readOnly: true })
    onTestFinished(async () => {
      await other.close()
      await state.close()
    })
    const reader = createBookReader(other, journalNamed('j'))
    const applied = await reader.applied('j')
    await book.pass(3, new Map([['d1', 2]]))
    expect([...(await reader.countByDevice('j', applied))]).toEqual([['d1', 1]])
    expect(await reader.applied('j')).toBe(3)
    expect([...(await reader.countByDevice('j', 3))]).toEqual([['d1', 3]])
  })

  test('is held against what came in, by the ledger of an edge node', async () => {
    const journal = createMemoryJournal(() => someMoment)
    const state = createMemoryState()
    const book = createBook(state, journal)
    const reader = createBookReader(state, journal)
    journal.note('d1', 'event', { received: 4 })
    await journal.append(
      'd1',
      ['a', 'b', 'a', 'c'].map(id => item(id)),
    )
    await book.pass(2, new Map([['d1', 2]]))
    expect(await takeLedger(journal, reader)).toMatchObject({
      total: { received: 4, stored: 2, duplicate: 1, queued: 1, difference: 0 },
      balanced: true,
    })
    await book.pass(3, new Map())
    expect(await takeLedger(journal, reader)).toMatchObject({ total: { difference: 1 }, balanced: false })
  })
})
