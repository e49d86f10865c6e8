import imported from 'highs'
import { expect } from 'vitest'
import type { HiddenNodes } from '../../flow/suppression/hide-small.ts'
import type { DayCounts, TimeLevel } from '../../flow/suppression/lattice.ts'

// Its types speak of the CommonJS file, where `default` is a member; what is imported is the function itself.
const loadHighs = imported as unknown as typeof imported.default
const highs = await loadHighs()

/** Leaves, the finest numbers there are, by index, and what they add up to. */
export interface Sum {
  readonly leaves: readonly number[]
  readonly count: number
}

/** The least and the most that a sum could be. */
export interface Range {
  readonly least: number
  readonly most: number
}

/**
 * What is left to guess about some sums for those who know others, add and subtract them as they like, and know
 * that counts are whole and not negative. A range that is found to be as wide as `enough` may be wider yet: each
 * world that the solver comes up with is looked at for all sums, which spares it most of the work.
 */
export function rangesOf(
  leafCount: number,
  known: readonly Sum[],
  asked: readonly Sum[],
  enough = Number.POSITIVE_INFINITY,
): Range[] {
  // It would have to tell that all is unbounded.
  if (known.length === 0) return asked.map(() => ({ least: 0, most: Number.POSITIVE_INFINITY }))
  const model = modelOf(leafCount, known)
  const { minimize, maximize } = highs.constants.objectiveSense
  const ranges = asked.map(() => ({ least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY }))

  /** A world that is possible, with as little or as much as can be in the wanted leaves. */
  function extreme(wanted: readonly number[], sense: typeof minimize): void {
    for (const leaf of wanted) model.changeColCost(leaf, 1)
    model.changeObjectiveSense(sense)
    model.run()
    let world = model.getSolution().colValue
    // Fractions are quicker, and mostly come out whole.
    if (!world.every(isWhole)) {
      const all = { kind: 'range', from: 0, to: leafCount - 1 } as const
      model.changeColsIntegrality(all, new Int32Array(leafCount).fill(1))
      model.run()
      world = model.getSolution().colValue
    }
    if (model.getModelStatus() !== highs.constants.modelStatus.optimal) throw new Error('no optimum')
    model.clearIntegrality()
    for (const leaf of wanted) model.changeColCost(leaf, 0)
    const sumOf = ({ leaves }: Sum) => leaves.reduce((total, leaf) => total + Math.round(world[leaf]!), 0)
    if (known.some(sum => sumOf(sum) !== sum.count))
      throw new Error('not a world in which what is known holds')
    asked.forEach((sum, index) => {
      const count = sumOf(sum)
      const range = ranges[index]!
      range.least = Math.min(range.least, count)
      range.most = Math.max(range.most, count)
    })
  }

  try {
    asked.forEach(({ leaves }, index) => {
      const { least, most } = ranges[index]!
      if (most - least >= enough) return
      extreme(leaves, minimize)
      extreme(leaves, maximize)
    })
    return ranges
  } finally {
    model.dispose()
  }
}

function modelOf(leafCount: number, known: readonly Sum[]) {
  const starts = [0]
  for (const { leaves } of known) starts.push(starts.at(-1)! + leaves.length)
  const indices = Int32Array.from(known.flatMap(({ leaves }) => leaves))
  const values = new Float64Array(indices.length).fill(1)
  const total = Float64Array.from(known, ({ count }) => count)
  const shape = { numRows: known.length, numCols: leafCount }
  const model = highs.createModel({
    ...shape,
    colCost: new Float64Array(leafCount),
    colLower: new Float64Array(leafCount),
    colUpper: new Float64Array(leafCount).fill(highs.infinity),
    rowLower: total,
    rowUpper: total,
    matrix: { format: 'csr', ...shape, starts: Int32Array.from(starts), indices, values },
  })
  model.options.set('output_flag', false)
  return model
}

const isWhole = (value: number) => Math.abs(value - Math.round(value)) < 1e-6

export interface Node extends Sum {
  readonly level: TimeLevel
  readonly index: number
  readonly site?: string
  readonly child?: string
}

/**
 * All nodes of a day, worked out without the lattice that marks are made with. Leaves are the parts of the
 * first site's first child, then those of its next, and so on.
 */
export function nodesOf({ hourOf, sites }: DayCounts): Node[] {
  const parts = [...hourOf.keys()]
  const counts: number[] = []
  const places: { site?: string; child?: string; rows: number[] }[] = [{ rows: [] }]
  for (const { site, children } of sites) {
    const rows = children.map(child => counts.push(...Array.from(child.counts)) / parts.length - 1)
    places[0]!.rows.push(...rows)
    places.push({ site, rows }, ...children.map(({ name }, i) => ({ site, child: name, rows: [rows[i]!] })))
  }
  const times: { level: TimeLevel; index: number; parts: number[] }[] = [
    { level: 'day', index: 0, parts },
    ...[...new Set(hourOf)].map(hour => {
      return { level: 'hour' as const, index: hour, parts: parts.filter(part => hourOf[part] === hour) }
    }),
    ...parts.map(part => ({ level: 'part' as const, index: part, parts: [part] })),
  ]
  return places.flatMap(({ rows, ...place }) =>
    times.map(({ parts: ofTime, ...time }) => {
      const leaves = rows.flatMap(row => ofTime.map(part => row * parts.length + part))
      return { ...place, ...time, leaves, count: leaves.reduce((sum, leaf) => sum + counts[leaf]!, 0) }
    }),
  )
}

export const isHidden = (hidden: HiddenNodes, { level, index, site, child }: Node) =>
  hidden.isHidden(level, index, site, child)

export const nameOf = ({ level, index, site, child }: Node) => [level, index, site, child].join(' ')

/** What marks promise: nothing shown is below k, and nothing hidden is known to less than k. */
export function expectSafe(
  hidden: readonly Node[],
  shown: readonly Node[],
  leafCount: number,
  k: number,
): void {
  expect(shown.filter(({ count }) => count < k).map(nameOf)).toEqual([])
  const ranges = rangesOf(leafCount, shown, hidden, k)
  const told = hidden.map((node, index) => ({ name: nameOf(node), count: node.count, k, ...ranges[index]! }))
  expect(told.filter(({ least, most }) => most - least < k)).toEqual([])
}
