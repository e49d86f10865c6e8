import type { Epoch, Position } from '../../core/history.ts'
import type { Seq } from '../../core/words.ts'
import { type StoredKind, storedKinds } from '../../devices/contract/kinds.ts'
import type { Stretch, StretchSums } from '../../gateway/journal/stretch.ts'
import { positionMeasurement, positionMs } from './influx-lines.ts'
import { fromTag, literal, tagText } from './influx-names.ts'
import type { Note } from './influx-notes.ts'
import type { InfluxServer } from './influx-server.ts'

/**
 * Tags cannot be changed. If a journal was replaced by an older copy of itself, later rows are written with a tag of
 * their own, and for each tag only the rows in a range of positions count.
 */
export interface Branch {
  readonly tag: string
  readonly from: Seq
  readonly until: Seq
}

const epochMeasurement = 'lintel_epoch'
const isAt = `time = ${positionMs}ms`
const branchTag = (journal: string, number: number) => `${journal}~${number}`

export const epochLine = (journal: string, { epoch = '', seq }: Position) =>
  `${epochMeasurement}${tagText('epoch', epoch)}${tagText('journal', journal)} seq=${seq}i ${positionMs}000000`

/** Branches of each journal, from the points that note their positions. Pure. */
export function branchesOf(
  noted: readonly { readonly tag: string; readonly seq: Seq; readonly from: Seq }[],
): Map<string, Branch[]> {
  const journals = new Map<string, Branch[]>()
  // The latest branch comes first: an earlier one counts up to the start of the next.
  const numberOf = (tag: string) => Number(tag.split('~')[1] ?? 0)
  for (const { tag, seq, from } of noted.toSorted((a, b) => numberOf(b.tag) - numberOf(a.tag))) {
    const journal = tag.split('~')[0]!
    const later = journals.get(journal) ?? []
    const until = Math.min(seq, ...later.map(branch => branch.from))
    journals.set(journal, [{ tag, from, until }, ...later])
  }
  return journals
}

export type InfluxJournals = ReturnType<typeof createInfluxJournals>

export function createInfluxJournals({ ask }: Pick<InfluxServer, 'ask'>, note: Note) {
  async function readBranches(): Promise<Map<string, Branch[]>> {
    const noted: { tag: string; seq: Seq; from: Seq }[] = []
    const text = `SELECT "seq", "from" FROM "${positionMeasurement}" WHERE ${isAt} GROUP BY "journal"`
    await ask(text, ({ tags, values }) => {
      const [, seq, from] = values[0] as [unknown, Seq, Seq | null | undefined]
      noted.push({ tag: fromTag(tags!.journal!), seq, from: from ?? 0 })
      return true
    })
    return branchesOf(noted)
  }

  /** In order; writes go to the last. */
  async function branches(journal: string): Promise<readonly Branch[]> {
    // Reads those of all journals: they are few, and names in a pattern would need other escapes than in a text.
    return (await readBranches()).get(journal) ?? [{ tag: journal, from: 0, until: 0 }]
  }

  async function epochs(journal: string): Promise<Position[]> {
    const found: Position[] = []
    const text = `SELECT "seq" FROM "${epochMeasurement}" WHERE "journal" = ${literal(journal)} AND ${isAt} GROUP BY "epoch"`
    await ask(text, ({ tags, values }) => {
      found.push({ epoch: fromTag(tags!.epoch!) as Epoch, seq: values[0]![1] as Seq })
      return true
    })
    return found
  }

  /** Condition for the part of a branch within a range of positions; undefined if there is none. */
  function within({ tag, from, until }: Branch, first: Seq, last: Seq): string | undefined {
    const [low, high] = [Math.max(from + 1, first), Math.min(until, last)]
    return low > high ? undefined : `"journal" = ${literal(tag)} AND "seq" >= ${low} AND "seq" <= ${high}`
  }

  /** Conditions for the rows of a stretch, up to `to`. Filtering by a field reads every point, so the times are limited, too. */
  const conditions = (
    of: readonly Branch[],
    { first, last, earliestAt, latestAt }: Stretch,
    to: Seq,
  ): string[] =>
    of.flatMap(branch => {
      const part = within(branch, first, Math.min(last, to))
      return part === undefined ? [] : [`${part} AND time >= ${earliestAt}ms AND time < ${latestAt + 1}ms`]
    })

  const kinds = storedKinds.map((kind: StoredKind) => `"${kind}"`).join(', ')

  return {
    branches,
    /** Branches of all journals. */
    all: async (): Promise<readonly Branch[]> => [...(await readBranches()).values()].flat(),
    epochs,
    async fork(journal: string, seq: Seq): Promise<void> {
      const known = await branches(journal)
      const noted = await epochs(journal)
      const point = `${positionMeasurement}${tagText('journal', branchTag(journal, known.length))} seq=${seq}i,from=${seq}i ${positionMs}000000`
      // This point alone makes the fork: until it is written, nothing has changed.
      await note([point])
      const clipped = noted.filter(position => position.seq > seq)
      if (clipped.length > 0)
        await note(
          clipped.map(({ epoch }) => epochLine(journal, { seq, ...(epoch === undefined ? {} : { epoch }) })),
        )
    },
    async sums(journal: string, stretches: readonly Stretch[], to: Seq): Promise<StretchSums[]> {
      const of = await branches(journal)
      const found: StretchSums[] = []
      for (const stretch of stretches) {
        const sums: StretchSums = { rows: 0, seqs: 0, received: 0 }
        found.push(sums)
        for (const where of conditions(of, stretch, to)) {
          const text = `SELECT count("n"), sum("seq"), sum("receivedMs") FROM ${kinds} WHERE ${where}`
          await ask(text, ({ values }) => {
            const [, rows, seqs, received] = values[0] as [unknown, number, number, number]
            sums.rows += rows
            sums.seqs += seqs
            sums.received += received
            return true
          })
        }
      }
      return found
    },
    async positions(journal: string, stretch: Stretch): Promise<Set<Seq>> {
      const found = new Set<Seq>()
      for (const where of conditions(await branches(journal), stretch, stretch.last)) {
        await ask(`SELECT "seq" FROM ${kinds} WHERE ${where}`, ({ values }) => {
          for (const [, seq] of values) found.add(seq as Seq)
          return true
        })
      }
      return found
    },
  }
}
