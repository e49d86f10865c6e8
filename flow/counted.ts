/** A number that is told, and how many of its parts are not. `count` is null where nothing of it is told. */
export interface Amount {
  readonly count: number | null
  readonly hidden: number
}

export const nothing: Amount = { count: 0, hidden: 0 }

/** What both tell; what one of them tells, where the other tells nothing. */
export const plus = (a: Amount, b: Amount): Amount => ({
  count: a.count === null ? b.count : b.count === null ? a.count : a.count + b.count,
  hidden: a.hidden + b.hidden,
})

export const sumOf = (amounts: readonly Amount[]): Amount =>
  amounts.length === 0 ? nothing : amounts.reduce(plus)

export interface CountedRow {
  /** Index of its step. */
  readonly step: number
  /** In the order of the question's `by`. */
  readonly values: readonly string[]
  readonly amount: Amount
}

/** One stretch of time, counted as it was asked for. */
export interface Counted {
  readonly from: number
  readonly to: number
  /** When each step begins. */
  readonly starts: readonly number[]
  /** Each once. */
  readonly rows: Iterable<CountedRow>
  /** Of a step or a group that has no row. */
  readonly absent: Amount
  /** Of all groups of a step. */
  stepTotal(step: number): Amount
  readonly total: Amount
}

export const keyOf = (step: number, values: readonly string[]): string => `${step} ${groupKey(values)}`
export const groupKey = (values: readonly string[]): string => JSON.stringify(values)
