import { commonPosition, type Epoch, type History, type Position, positionsBetween } from './history.ts'
import type { State } from './state/state.ts'
import type { Seq } from './words.ts'

/** How far each consumer of a journal has got. A consumer moves its own once its work is safe. */
export interface Cursors {
  /**
   * 0 for a consumer that has not begun. Where the journal was replaced by an older copy of itself, the last position
   * that both have in common.
   */
  get(consumer: string): Seq
  /** Everything up to `seq` is done with. Never moves backwards. Resolves once durable, with what `also` changed where it moved. */
  commit(consumer: string, seq: Seq, also?: () => void): Promise<void>
  /** The same, for inside `State.transact`: whether it moved. */
  move(consumer: string, seq: Seq): boolean
  /** Sets it back, so that what follows is taken again. For inside `State.transact`. */
  setBack(consumer: string, seq: Seq): void
}

/** Only to look at them. */
export type CursorReader = Pick<Cursors, 'get'>

/** Consumers in other processes keep their cursors where those write. */
export function readCursors(kept: Readonly<Record<string, CursorReader>>): CursorReader {
  return { get: consumer => kept[consumer]?.get(consumer) ?? 0 }
}

/** A number alone: noted before there were epochs. */
type Noted = Position | Seq

/**
 * Kept by journal: the positions of one that was lost mean nothing in the next. Beside its position each consumer
 * keeps the last one of each epoch that it has passed.
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
    // Most of the time there is one: of the epoch in which the consumer already was.
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
    setBack: (consumer, seq) => put(consumer, 1, seq),
  }
}
