import type { Seq } from './words.ts'

/** The unique name of one opening of a journal for writing. */
export type Epoch = string

/** The epoch wrote the positions from `first` up to the next opening. */
export interface Opening {
  readonly epoch: Epoch
  readonly first: Seq
}

/**
 * A position and the epoch that wrote it. A number alone does not identify a record: once an older copy of a journal is
 * put back, the positions behind its end are given out a second time.
 */
export interface Position {
  readonly seq: Seq
  /** Absent for a position noted before there were epochs: it belongs to the first epoch. */
  readonly epoch?: Epoch
}

/** The identity of a journal, and the epochs that wrote it. */
export interface History {
  /** Identifies this journal for as long as it lives. */
  readonly id: string
  /** In order of position, without openings that wrote nothing. */
  openings(): readonly Opening[]
  /** The last position. */
  end(): Seq
}

/** The epoch that wrote `seq`; undefined before the first record. */
export function epochAt({ openings }: Pick<History, 'openings'>, seq: Seq): Epoch | undefined {
  return openings().findLast(({ first }) => first <= seq)?.epoch
}

/**
 * The last position of each epoch in (from, to]. A consumer remembers them in order to find the last position that it has
 * in common with a journal of which it knows only the beginning.
 */
export function positionsBetween({ openings }: Pick<History, 'openings'>, from: Seq, to: Seq): Position[] {
  const all = openings()
  return all.flatMap(({ epoch, first }, index) => {
    const last = Math.min((all[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1, to)
    return last > from && last >= first ? [{ epoch, seq: last }] : []
  })
}

/**
 * The last position up to which a consumer agrees with the journal. `seen` has the last position of each epoch that the
 * consumer has seen. The result is less than the greatest of them if the journal was replaced by an older copy of itself:
 * the records behind it are new.
 */
export function commonPosition(history: Pick<History, 'openings' | 'end'>, seen: Iterable<Position>): Seq {
  const end = history.end()
  const openings = history.openings()
  let common = 0
  for (const { seq, epoch = openings[0]?.epoch } of seen) {
    const index = openings.findIndex(opening => opening.epoch === epoch)
    if (index < 0 && epoch !== undefined) continue
    const last = (openings[index + 1]?.first ?? end + 1) - 1
    common = Math.max(common, Math.min(seq, last))
  }
  return common
}
