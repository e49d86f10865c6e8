import type { Cell, CellQuery } from './store.ts'

/** One thing that happened, and how much it counts. */
export interface Countable<D extends string> {
  readonly at: number
  readonly receivedAt?: number
  readonly worth: number
  /** '' if it has none. */
  readonly wordOf: (dimension: D) => string
}

export interface FoldQuery<D extends string>
  extends Pick<CellQuery, 'segments' | 'stepMs' | 'foldMs' | 'limit'> {
  readonly by: readonly D[]
  readonly where: { readonly [N in D]?: readonly string[] }
}

/** Computes cells in memory, exactly as `CellQuery` defines them. */
export function foldCells<D extends string>(things: Iterable<Countable<D>>, query: FoldQuery<D>): Cell[] {
  const fold = createFold(query)
  for (const thing of things) fold.add(thing)
  return fold.cells()
}

/** Like `foldCells`, but one thing at a time. */
export function createFold<D extends string>({ segments, stepMs, foldMs, by, where, limit }: FoldQuery<D>) {
  const wanted = Object.entries(where) as [D, readonly string[]][]
  const cells = new Map<string, Cell>()
  return {
    add({ at, receivedAt = at, worth, wordOf }: Countable<D>): void {
      const segment = segments.findIndex(({ from, to }) => at >= from && at < to)
      if (receivedAt >= (segments[segment]?.receivedBefore ?? Number.POSITIVE_INFINITY)) return
      if (segment < 0 || !wanted.every(([dimension, values]) => values.includes(wordOf(dimension)))) return
      const local = at + segments[segment]!.offsetMs
      const step = stepMs === undefined ? 0 : Math.floor(local / stepMs) * stepMs
      const localStart = foldMs === undefined ? step : ((step % foldMs) + foldMs) % foldMs
      const values = by.map(wordOf)
      const key = JSON.stringify([segment, localStart, values])
      const { count, rows } = cells.get(key) ?? { count: 0, rows: 0 }
      cells.set(key, { segment, localStart, values, count: count + worth, rows: rows + 1 })
    },
    cells: (): Cell[] => [...cells.values()].slice(0, limit),
  }
}
