import { commonPosition, type Epoch, type History, type Position, positionsBetween } from './history.ts'
import type { State } from './state/state.ts'
import type { Seq } from './words.ts'

/** The position up to which each consumer has processed a journal. A consumer moves its cursor once its work is durable. */
export interface Cursors {
  /**
   * 0 for a consumer that has not begun. If the journal was replaced by an older copy of itself, the last position that
   * both have in common.
   */
  get(consumer: string): Seq
  /**
   * Marks everything up to `seq` as done; never moves backwards. Calls `also` in the same transaction if the cursor
   * moves. Resolves once durable.
   */
  commit(consumer: string, seq: Seq, also?: () => void): Promise<void>
  /** Like `commit`, for use inside `State.transact`. Returns true if the cursor moved. */
  move(consumer: string, seq: Seq): boolean
  /** True if the consumer was further in a journal of which this one is an older copy. */
  isCut(consumer: string): boolean
  /** Moves the cursor back, so that the records behind `seq` are processed again. For use inside `State.transact`. */
  setBack(consumer: string, seq: Seq): void
}

/** Read access only. */
export type CursorReader = Pick<Cursors, 'get'>

/** Combines cursors kept in several places: a consumer in another process keeps its cursor in the state that its process writes. */
export function readCursors(kept: Readonly<Record<string, CursorReader>>): CursorReader {
  return { get: consumer => kept[consumer]?.get(consumer) ?? 0 }
}

/** A plain number was written before there were epochs. */
type Noted = Position | Seq

/**
 * Keyed by journal: positions in a lost journal mean nothing in the next one. Besides its position, each consumer keeps
 * its last position in each epoch that it has passed.
 */
export function createCursors(state: State, history: History): Cursors {
  const table = state.table<Noted>('cursor')
  const passed = state.table<Seq>('cursor-passed')
  const keyOf = (consumer: string) => `${history.id}/${consumer}`

  function noted(consumer: string): Position | undefined {
    const value = table.get(keyOf(consumer))
    return typeof value === 'number' ? { seq: value } : value
  }

  function passedBy(consumer: string): Position[] {
    const prefix = `${keyOf(consumer)}/`
    return [...passed.entries({ after: prefix, until: `${prefix}~` })].map(([key, seq]) => ({
      epoch: key.slice(prefix.length) as Epoch,
      seq,
    }))
  }

  function get(consumer: string): Seq {
    const known = noted(consumer)
    if (known === undefined) return 0
    const common = commonPosition(history, [known])
    if (common === known.seq) return common
    return Math.min(known.seq, commonPosition(history, [known, ...passedBy(consumer)]))
  }

  function put(consumer: string, from: Seq, seq: Seq): void {
    const key = keyOf(consumer)
    // Usually one position: in the epoch in which the consumer already was.
    const crossed = positionsBetween(history, from - 1, seq)
    const last = crossed.pop()
    for (const { epoch, seq } of crossed) passed.put(`${key}/${epoch}`, seq)
    table.put(key, { seq, ...last })
  }

  function move(consumer: string, seq: Seq): boolean {
    const from = get(consumer)
    if (seq <= from) return false
    put(consumer, from, seq)
    return true
  }

  return {
    get,
    async commit(consumer, seq, also = () => {}) {
      await state.transact(() => {
        if (move(consumer, seq)) also()
      })
    },
    move,
    isCut: consumer => get(consumer) < (noted(consumer)?.seq ?? 0),
    setBack: (consumer, seq) => put(consumer, 1, seq),
  }
}
