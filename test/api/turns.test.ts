import { describe, expect, test } from 'vitest'
import { createTurns, type TurnLimits } from '../../api/turns.ts'

const limits: TurnLimits = {
  atOnce: 3,
  ofOne: 2,
  keptForStaff: 0,
  waitingOfOne: 2,
  waiting: 3,
  waitMs: 60_000,
}
const stays = new AbortController().signal

/** Who has had a turn so far, in order. */
function turnsOf(change: Partial<TurnLimits> = {}) {
  const turns = createTurns({ ...limits, ...change })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const take = (who: string, name = who, signal = stays, isStaff = false) =>
    turns.take(who, signal, isStaff).then(
      end => {
        begun.push(name)
        ends.set(name, end)
        return 'begun'
      },
      error => error.code ?? error.message,
    )
  const settled = () => new Promise(resolve => setImmediate(resolve))
  return { turns, take, begun, end: (name: string) => ends.get(name)!(), settled }
}

describe('turns', () => {
  test('come at once where there is room, and in order where there is not; one alone does not take all', async () => {
    const { take, begun, end, settled, turns } = turnsOf()
    await Promise.all([take('a', 'a1'), take('a', 'a2')])
    const waiting = [take('a', 'a3'), take('b', 'b1'), take('b', 'b2')]
    await settled()
    expect(begun).toEqual(['a1', 'a2', 'b1'])
    end('b1')
    await settled()
    expect(begun).toEqual(['a1', 'a2', 'b1', 'b2'])
    end('a1')
    expect(await Promise.all(waiting)).toEqual(['begun', 'begun', 'begun'])
    expect(turns.stats()).toEqual({ running: 3, waiting: 0, refused: 0 })
  })

  test('are refused to one who has too many in line, and to all where the line is long', async () => {
    const { take, begun, turns } = turnsOf()
    void take('a')
    void take('a')
    void take('a')
    void take('a')
    expect(await take('a')).toBe('API_BUSY')
    void take('b')
    void take('b')
    expect(await take('c')).toBe('API_BUSY')
    expect(begun).toHaveLength(3)
    expect(turns.stats()).toMatchObject({ running: 3, waiting: 3, refused: 2 })
  })

  test('are kept for staff: who reads nothing of theirs holds up no one on duty', async () => {
    const { take, begun, end, settled } = turnsOf({ keptForStaff: 1 })
    for (const who of ['a', 'b', 'c']) void take(who)
    await settled()
    expect(begun).toEqual(['a', 'b'])
    await take('duty', 'd1', stays, true)
    void take('duty', 'd2', stays, true)
    await settled()
    expect(begun).toEqual(['a', 'b', 'd1'])
    end('a')
    await settled()
    expect(begun).toEqual(['a', 'b', 'd1', 'd2'])
    end('d1')
    end('d2')
    await settled()
    expect(begun).toEqual(['a', 'b', 'd1', 'd2', 'c'])
  })

  test('end once, however often that is said', async () => {
    const { take, end, turns } = turnsOf({ atOnce: 1 })
    await take('a')
    end('a')
    end('a')
    await take('b')
    expect(turns.stats().running).toBe(1)
  })

  test('are given up by who goes, and by who has waited long enough', async () => {
    const { take, turns } = turnsOf({ atOnce: 1, waitMs: 20 })
    await take('a')
    const gone = new AbortController()
    const waiting = take('b', 'b', gone.signal)
    gone.abort(new Error('gone'))
    expect(await waiting).toBe('gone')
    expect(await take('c')).toBe('API_BUSY')
    expect(turns.stats()).toEqual({ running: 1, waiting: 0, refused: 1 })
  })
})
