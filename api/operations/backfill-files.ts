import type { State } from '../../core/state/state.ts'

/** A file of history, and how many of its rows have been handled. */
export interface BackfilledFile {
  readonly name: string
  readonly rows: number
  /** When the last of them arrived; epoch ms. */
  readonly at: number
}

/** Beyond this number, the oldest file is forgotten. */
const maxFiles = 10_000

/** Files by the SHA-256 of their content. The journal knows an id for 31 days; a file that was stored completely is remembered for good. */
export interface BackfillFiles {
  rowsOf(hash: string): number
  /** Resolves once it is on disk. */
  note(hash: string, file: BackfilledFile): Promise<void>
}

export function createBackfillFiles(state: State): BackfillFiles {
  const table = state.table<BackfilledFile>('backfill')
  return {
    rowsOf: hash => table.get(hash)?.rows ?? 0,
    note: (hash, file) =>
      state.transact(() => {
        const isNew = table.get(hash) === undefined
        table.put(hash, file)
        if (!isNew) return
        const all = [...table.entries()]
        if (all.length <= maxFiles) return
        const [first] = all.reduce((a, b) => (b[1].at < a[1].at ? b : a))
        table.remove(first)
      }),
  }
}
