import type { State } from './state/state.ts'
import type { Seq } from './words.ts'

/** How far each consumer of a journal has got. A consumer moves its own once its work is safe. */
export interface Cursors {
  /** 0 for a consumer that has not begun. */
  get(consumer: string): Seq
  /** Everything up to `seq` is done with. Never moves backwards. Resolves once durable, with what `also` changed where it moved. */
  commit(consumer: string, seq: Seq, also?: () => void): Promise<void>
  /** The same, for inside `State.transact`: whether it moved. */
  move(consumer: string, seq: Seq): boolean
}

/** Only to look at them. */
export type CursorReader = Pick<Cursors, 'get'>

/** Consumers in other processes keep their cursors where those write. */
export function readCursors(kept: Readonly<Record<string, CursorReader>>): CursorReader {
  return { get: consumer => kept[consumer]?.get(consumer) ?? 0 }
}

/** Kept by journal: the positions of one that was lost mean nothing in the next. */
export function createCursors(state: State, journalId: string): Cursors {
  const table = state.table<Seq>('cursor')
  const key = (consumer: string) => `${journalId}/${consumer}`
  function move(consumer: string, seq: Seq): boolean {
    if (seq <= (table.get(key(consumer)) ?? 0)) return false
    table.put(key(consumer), seq)
    return true
  }
  return {
    get: consumer => table.get(key(consumer)) ?? 0,
    async commit(consumer, seq, also = () => {}) {
      await state.transact(() => {
        if (move(consumer, seq)) also()
      })
    },
    move,
  }
}
