import { commonPosition, type Epoch, epochAt, type Opening } from '../../core/history.ts'
import type { Seq } from '../../core/words.ts'

/** The facts that a centre tells a gateway about its journal, as a greeting and every few seconds. */
export interface CentreJournal {
  readonly id: string
  /** Names the run of the centre's gateway process: within a run nothing is lost that was acked. */
  readonly run: string
  readonly end: Seq
  /** The latest openings. */
  readonly openings: readonly Opening[]
}

/** The state of the centre when the uplink had come to `cursor`: everything up to there lies at or before `seq` in its journal. */
export interface CentreMark {
  /** Positions in our journal, and in our pictures. */
  readonly cursor: Seq
  readonly pictures: number
  readonly id: string
  readonly run: string
  /** The position in the centre's journal. */
  readonly seq: Seq
  readonly epoch?: Epoch
}

/**
 * `new`: nothing was known about the centre. `same`: it has all that it acked. `restarted`: it has all up to the mark,
 * but what it acked since may have been lost with a disk. `replaced`: its journal is another one, or an older copy.
 */
export type CentreVerdict = 'new' | 'same' | 'restarted' | 'replaced'

export function judgeCentre(mark: CentreMark | undefined, heard: CentreJournal): CentreVerdict {
  if (mark === undefined) return 'new'
  if (mark.id !== heard.id) return 'replaced'
  if (mark.run === heard.run) return 'same'
  const { openings, end } = heard
  const position = { seq: mark.seq, ...(mark.epoch === undefined ? {} : { epoch: mark.epoch }) }
  const common = commonPosition({ openings: () => openings, end: () => end }, [position])
  return common === mark.seq ? 'restarted' : 'replaced'
}

export function markOf(heard: CentreJournal, reached: Pick<CentreMark, 'cursor' | 'pictures'>): CentreMark {
  const epoch = epochAt({ openings: () => heard.openings }, heard.end)
  return {
    ...reached,
    id: heard.id,
    run: heard.run,
    seq: heard.end,
    ...(epoch === undefined ? {} : { epoch }),
  }
}
