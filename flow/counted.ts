/** A number that may be shown, and how many of its parts may not. `count` is null if nothing of it may be shown. */
export interface Amount {
  readonly count: number | null
  readonly hidden: number
}

export const nothing: Amount = { count: 0, hidden: 0 }

/** Adds two amounts; if one of them shows nothing, the sum shows the other one. */
export const plus = (a: Amount, b: Amount): Amount => ({
  count: a.count === null ? b.count : b.count === null ? a.count : a.count + b.count,
  hidden: a.hidden + b.hidden,
})

export const sumOf = (amounts: readonly Amount[]): Amount =>
  amounts.length === 0 ? nothing : amounts.reduce(plus)

export interface CountedRow {
  /** Index of the step. */
  readonly step: number
  /** In the order of the query's `by`. */
  readonly values: readonly string[]
  readonly amount: Amount
}

/** One period, counted as the query wants. */
export interface Counted {
  readonly from: number
  readonly to: number
  /** Start of each step. */
  readonly starts: readonly number[]
  /** Each row once. */
  readonly rows: Iterable<CountedRow>
  /** Amount of a step or group without a row. */
  readonly absent: Amount
  /** Sum over all groups of a step. */
  stepTotal(step: number): Amount
  readonly total: Amount
}

export const keyOf = (step: number, values: readonly string[]): string => `${step} ${groupKey(values)}`
export const groupKey = (values: readonly string[]): string => JSON.stringify(values)
