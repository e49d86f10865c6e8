import type { Seq } from './words.ts'

/** An opening of a journal for writing: a name that no other opening has. */
export type Epoch = string

/** The positions from `first` up to the next opening were written in this epoch. */
export interface Opening {
  readonly epoch: Epoch
  readonly first: Seq
}

/**
 * A position, and the epoch that wrote it. A number alone does not name a record: where an older copy of a journal
 * is put back, the positions behind it are given out a second time.
 */
export interface Position {
  readonly seq: Seq
  /** Absent for one noted before there were epochs, which belongs to the first. */
  readonly epoch?: Epoch
}

/** Which journal this is, and who wrote what of it. */
export interface History {
  /** Names this journal for as long as it lives. */
  readonly id: string
  /** In order of position; those that wrote nothing are left out. */
  openings(): readonly Opening[]
  /** The last position. */
  end(): Seq
}

/** The epoch that wrote `seq`; undefined before the first record. */
export function epochAt({ openings }: Pick<History, 'openings'>, seq: Seq): Epoch | undefined {
  return openings().findLast(({ first }) => first <= seq)?.epoch
}

/**
 * The last position of each epoch that lies in (from, to]: what a consumer must remember of them, so that it still
 * finds what it has in common with a journal of which it only knows the beginning.
 */
export function positionsBetween({ openings }: Pick<History, 'openings'>, from: Seq, to: Seq): Position[] {
  const all = openings()
  return all.flatMap(({ epoch, first }, index) => {
    const last = Math.min((all[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1, to)
    return last > from && last >= first ? [{ epoch, seq: last }] : []
  })
}

/**
 * How far a consumer that remembers these positions, the last of each epoch it has seen, agrees with the journal.
 * Less than its greatest position where the journal was replaced by an older copy of itself: what lies behind is new.
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
