import { LintelError } from '../core/errors.ts'
import { type Amount, type CountedRow, groupKey, plus } from './counted.ts'

/** A query whose answer could have more rows than this must be asked in parts. */
export const maxRows = 1_000_000

export const tooManyRows = () =>
  new LintelError(
    'FLOW_QUERY_TOO_WIDE',
    `the answer has more than ${maxRows} rows: ask for less time, longer steps or fewer dimensions`,
  )

/** Rows by step and group in about 40 bytes each, whatever their values: a million take 40 MB, as objects they took 400. */
export interface RowTable extends Iterable<CountedRow> {
  readonly size: number
  /** Adds an amount to a row. Throws FLOW_QUERY_TOO_WIDE if that makes one row more than an answer may have. */
  add(step: number, values: readonly string[], amount: Amount, sum?: (a: Amount, b: Amount) => Amount): void
  get(step: number, values: readonly string[]): Amount | undefined
  /** Each group once, in order of first appearance. */
  groups(): readonly (readonly string[])[]
  /** By step, then by values; all rows of a group share one values object. */
  sorted(): Iterable<CountedRow>
}

/** Stands for a count that may not be shown; our sums are never NaN. */
const untold = Number.NaN
const firstCapacity = 1024

export function createRowTable(most = maxRows): RowTable {
  const numbers = new Map<string, number>()
  const groups: (readonly string[])[] = []
  let steps = new Int32Array(firstCapacity)
  let groupsOf = new Int32Array(firstCapacity)
  let counts = new Float64Array(firstCapacity)
  let hiddens = new Int32Array(firstCapacity)
  /** Position of a row by a hash of step and group: 0 for none, else its index plus 1. */
  let slots = new Int32Array(2 * firstCapacity)
  let size = 0

  /** The slot of a row, or the empty slot where it belongs. */
  function slotOf(step: number, group: number): number {
    const mask = slots.length - 1
    let slot = (Math.imul(step, 0x9e3779b1) ^ Math.imul(group + 1, 0x85ebca6b)) & mask
    for (;;) {
      const row = slots[slot]! - 1
      if (row < 0 || (steps[row] === step && groupsOf[row] === group)) return slot
      slot = (slot + 1) & mask
    }
  }

  function grow(): void {
    const longer = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    const capacity = 2 * steps.length
    steps = longer(steps, new Int32Array(capacity))
    groupsOf = longer(groupsOf, new Int32Array(capacity))
    counts = longer(counts, new Float64Array(capacity))
    hiddens = longer(hiddens, new Int32Array(capacity))
    slots = new Int32Array(2 * capacity)
    for (let row = 0; row < size; row++) slots[slotOf(steps[row]!, groupsOf[row]!)] = row + 1
  }

  const amountOf = (row: number): Amount => {
    const count = counts[row]!
    return { count: Number.isNaN(count) ? null : count, hidden: hiddens[row]! }
  }
  const rowAt = (row: number): CountedRow => ({
    step: steps[row]!,
    values: groups[groupsOf[row]!]!,
    amount: amountOf(row),
  })

  function numberOf(values: readonly string[]): number {
    const key = groupKey(values)
    let number = numbers.get(key)
    if (number === undefined) {
      number = groups.push([...values]) - 1
      numbers.set(key, number)
    }
    return number
  }

  /** Orders rows by two stable counting sorts: by the rank of their groups, then by step. */
  function order(): Int32Array {
    const ranked = groups.map((_, index) => index).sort((a, b) => compareValues(groups[a]!, groups[b]!))
    const ranks = new Int32Array(groups.length)
    for (const [rank, group] of ranked.entries()) ranks[group] = rank
    let last = -1
    for (let row = 0; row < size; row++) last = Math.max(last, steps[row]!)
    const byRank = countingSort(undefined, size, groups.length, row => ranks[groupsOf[row]!]!)
    return countingSort(byRank, size, last + 1, row => steps[row]!)
  }

  return {
    get size() {
      return size
    },
    add(step, values, amount, sum = plus) {
      const group = numberOf(values)
      const slot = slotOf(step, group)
      const known = slots[slot]! - 1
      const { count, hidden } = known < 0 ? amount : sum(amountOf(known), amount)
      let row = known
      if (known < 0) {
        if (size >= most) throw tooManyRows()
        row = size++
        steps[row] = step
        groupsOf[row] = group
        slots[slot] = size
      }
      counts[row] = count ?? untold
      hiddens[row] = hidden
      if (size === steps.length) grow()
    },
    get(step, values) {
      const group = numbers.get(groupKey(values))
      const row = group === undefined ? -1 : slots[slotOf(step, group)]! - 1
      return row < 0 ? undefined : amountOf(row)
    },
    groups: () => groups,
    *[Symbol.iterator]() {
      for (let row = 0; row < size; row++) yield rowAt(row)
    },
    *sorted() {
      for (const row of order()) yield rowAt(row)
    },
  }
}

/** Makes a table of rows, unless they are one already. */
export function tableOf(rows: Iterable<CountedRow>): RowTable {
  if ('sorted' in rows) return rows as RowTable
  const table = createRowTable()
  for (const { step, values, amount } of rows) table.add(step, values, amount)
  return table
}

function countingSort(
  rows: Int32Array | undefined,
  size: number,
  keys: number,
  keyOf: (row: number) => number,
): Int32Array {
  const places = new Int32Array(keys + 1)
  for (let row = 0; row < size; row++) places[keyOf(row) + 1]!++
  for (let key = 0; key < keys; key++) places[key + 1]! += places[key]!
  const sorted = new Int32Array(size)
  for (let index = 0; index < size; index++) {
    const row = rows === undefined ? index : rows[index]!
    sorted[places[keyOf(row)]!++] = row
  }
  return sorted
}

export function compareValues(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return 0
}
