import { hideLine } from './hide-line.ts'
import { hideTable } from './hide-table.ts'
import { createLattice, type DayCounts, type Lattice, type TimeLevel } from './lattice.ts'
import type { Block, Table } from './table.ts'

export interface HiddenNodes {
  /**
   * True if nothing may be shown of a node. `index` is that of the hour or the part, 0 for the day; without a site it
   * is the town, without a child the site. A place outside the lattice is hidden.
   */
  isHidden(level: TimeLevel, index: number, site?: string, child?: string): boolean
}

/**
 * A row or a column of a table: one node, or several hidden nodes of which only the sum can be worked out. Events can
 * be exchanged among those without any visible change.
 */
interface Slice {
  readonly nodes: readonly number[]
  readonly hidden: boolean
}

/** Rows and columns of the table of one node, and its hidden blocks. */
interface HiddenTable {
  readonly rows: readonly Slice[]
  readonly cols: readonly Slice[]
  readonly blocks: readonly Block[]
}

/**
 * Decides what to hide of a day, so that no number below k is shown or can be worked out from shown numbers.
 *
 * Even if all shown numbers are known, every hidden one could be any of at least k + 1 consecutive whole numbers, so
 * none can be recognised as below k (docs/decisions/0004-small-numbers.md has the proof). The mark of a node follows
 * from counts of its own level and above: queries by quarters of an hour or by days, with buildings or without, find
 * the same marks.
 */
export function hideSmall(day: DayCounts, k: number): HiddenNodes {
  const lattice = createLattice(day)
  const marks = markLattice(lattice, k)
  const stride = lattice.times.children.length
  return {
    isHidden(level, index, site, child) {
      const place = lattice.place(site, child)
      return place === undefined || marks[place * stride + lattice.time(level, index)] !== 0
    },
  }
}

function markLattice(lattice: Lattice, k: number): Uint8Array {
  const { counts } = lattice
  const places = lattice.places.children
  const times = lattice.times.children
  const stride = times.length
  const marks = new Uint8Array(counts.length)
  /** A hidden node hides everything within it: that makes changes inside it invisible. */
  const hide = (place: number, time: number): void => {
    if (marks[place * stride + time]) return
    marks[place * stride + time] = 1
    for (const part of times[time]!) hide(place, part)
    for (const child of places[place]!) hide(child, time)
  }
  // If everything else in the town is small, the town's number would reveal places that are always hidden.
  const kept = places[0]!.filter(site => lattice.always.has(site))
  if (kept.reduce((open, site) => open - counts[site * stride]!, counts[0]!) < k) hide(0, 0)

  const lineOf = (nodes: readonly number[], at: (node: number) => readonly [place: number, time: number]) => {
    const line = nodes.map(at)
    const lineCounts = line.map(([place, time]) => counts[place * stride + time]!)
    const always = line.map(([place, time]) => time === 0 && lattice.always.has(place))
    const hidden = hideLine(lineCounts, always, k)
    line.forEach(([place, time], index) => {
      if (hidden[index]) hide(place, time)
    })
    return slicesOf(nodes, hidden)
  }

  const parentOfPlace = parents(places)
  const parentOfTime = parents(times)
  const tables: (HiddenTable | undefined)[] = []
  for (let place = 0; place < places.length; place++) {
    if (places[place]!.length === 0) continue
    for (let time = 0; time < stride; time++) {
      const at = place * stride + time
      if (marks[at] || times[time]!.length === 0) continue
      const above = tables[place * stride + parentOfTime[time]!]
      const around = tables[parentOfPlace[place]! * stride + time]
      const rows = time === 0 ? lineOf(places[place]!, node => [node, 0]) : rowsAt(above!, time)
      const cols = place === 0 ? lineOf(times[time]!, node => [0, node]) : colsAt(around!, place)
      const blocks = hideTable(tableOf(lattice, rows, cols, k), k)
      for (const block of blocks) {
        for (const row of block.rows) {
          for (const col of block.cols) {
            const slices = [rows[row]!, cols[col]!] as const
            // Cells in a hidden slice are hidden already.
            if (slices.every(slice => !slice.hidden)) hide(slices[0].nodes[0]!, slices[1].nodes[0]!)
          }
        }
      }
      tables[at] = { rows, cols, blocks }
    }
  }
  return marks
}

function tableOf(
  { counts, times }: Lattice,
  rows: readonly Slice[],
  cols: readonly Slice[],
  k: number,
): Table {
  const stride = times.children.length
  const table = {
    rows: rows.length,
    cols: cols.length,
    counts: new Float64Array(rows.length * cols.length),
    losses: new Float64Array(rows.length * cols.length),
  }
  rows.forEach((row, i) => {
    cols.forEach((col, j) => {
      let count = 0
      for (const place of row.nodes) for (const time of col.nodes) count += counts[place * stride + time]!
      table.counts[i * cols.length + j] = count
      if (count >= k && !row.hidden && !col.hidden) table.losses[i * cols.length + j] = count
    })
  })
  return table
}

/** The rows of a table as they appear within one of its shown columns. */
function rowsAt({ rows, cols, blocks }: HiddenTable, time: number): Slice[] {
  const col = cols.findIndex(slice => slice.nodes[0] === time)
  return merge(
    rows,
    blocks.filter(block => block.cols.includes(col)).map(block => block.rows),
  )
}

function colsAt({ rows, cols, blocks }: HiddenTable, place: number): Slice[] {
  const row = rows.findIndex(slice => slice.nodes[0] === place)
  return merge(
    cols,
    blocks.filter(block => block.rows.includes(row)).map(block => block.cols),
  )
}

function merge(slices: readonly Slice[], groups: readonly (readonly number[])[]): Slice[] {
  const merged = new Set(groups.flat())
  return [
    ...slices.filter((_, index) => !merged.has(index)),
    ...groups.map(group => ({ nodes: group.flatMap(index => slices[index]!.nodes), hidden: true })),
  ]
}

function slicesOf(nodes: readonly number[], hidden: readonly boolean[]): Slice[] {
  const shown = nodes.filter((_, index) => !hidden[index]).map(node => ({ nodes: [node], hidden: false }))
  const rest = nodes.filter((_, index) => hidden[index])
  return rest.length === 0 ? shown : [...shown, { nodes: rest, hidden: true }]
}

function parents(children: readonly (readonly number[])[]): number[] {
  const parentOf: number[] = []
  children.forEach((nodes, parent) => {
    for (const node of nodes) parentOf[node] = parent
  })
  return parentOf
}
