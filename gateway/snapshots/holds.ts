import type { State } from '../../core/state/state.ts'
import { keyText, type PictureKey } from './snapshots.ts'

export interface Hold {
  /** The start of the hold; `until` is its latest end. Epoch ms. */
  readonly at: number
  readonly until: number
  /** Why, such as the alert that wants it. */
  readonly reason: string
}

/**
 * Pictures that somebody wants kept beyond their time. The process that holds the state writes them; the process that
 * deletes pictures reads them.
 */
export interface Holds {
  isHeld(key: PictureKey, now: number): boolean
  of(key: PictureKey): Hold | undefined
  hold(key: PictureKey, hold: Hold): Promise<void>
  /** True if there was one. */
  release(key: PictureKey): Promise<boolean>
}

export function createHolds(state: State): Holds {
  const table = state.table<Hold>('hold')
  return {
    isHeld: (key, now) => (table.get(keyText(key))?.until ?? 0) > now,
    of: key => table.get(keyText(key)),
    hold: (key, hold) => state.transact(() => table.put(keyText(key), hold)),
    release: key =>
      state.transact(() => {
        const isThere = table.get(keyText(key)) !== undefined
        table.remove(keyText(key))
        return isThere
      }),
  }
}
