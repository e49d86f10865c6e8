import { describe, expect, test } from 'vitest'
import { createCursors } from '../../core/cursors.ts'
import type { History } from '../../core/history.ts'
import { createMemoryState } from '../../core/state/memory-state.ts'

const journal = (id: string): History => ({ id, openings: () => [{ epoch: 'e', first: 1 }], end: () => 100 })

describe('cursors', () => {
  test('are at 0 before a consumer has begun, then where it was committed', async () => {
    const cursors = createCursors(createMemoryState(), journal('j'))
    expect(cursors.get('intake')).toBe(0)
    await cursors.commit('intake', 7)
    expect(cursors.get('intake')).toBe(7)
  })

  test('never move backwards, however commits overtake each other', async () => {
    const cursors = createCursors(createMemoryState(), journal('j'))
    await Promise.all([5, 9, 2, 8].map(seq => cursors.commit('intake', seq)))
    expect(cursors.get('intake')).toBe(9)
    await cursors.commit('intake', 0)
    expect(cursors.get('intake')).toBe(9)
  })

  test('are kept by consumer, by journal and in the state', async () => {
    const state = createMemoryState()
    await createCursors(state, journal('j')).commit('intake', 7)
    expect(createCursors(state, journal('j')).get('tagger')).toBe(0)
    expect(createCursors(state, journal('k')).get('intake')).toBe(0)
    expect(createCursors(state, journal('j')).get('intake')).toBe(7)
  })
})
