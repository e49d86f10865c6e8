import { commonPosition, type Epoch, epochAt, type Opening } from '../../core/history.ts'
import type { Seq } from '../../core/words.ts'

/** What a centre says of its journal, when it greets a gateway and every few seconds. */
export interface CentreJournal {
  readonly id: string
  /** Names the run of the centre's gateway process: within it nothing is lost that was acked. */
  readonly run: string
  readonly end: Seq
  /** The latest ones. */
  readonly openings: readonly Opening[]
}

/** What the centre had when the uplink had come so far: everything up to it lies at or before `seq` there. */
export interface CentreMark {
  /** Of our journal, and of our pictures. */
  readonly cursor: Seq
  readonly pictures: number
  readonly id: string
  readonly run: string
  /** Of the centre's journal. */
  readonly seq: Seq
  readonly epoch?: Epoch
}

/**
 * `new`: nothing was known of it. `same`: it has all that it acked. `restarted`: it has all up to the mark, and what
 * it acked since may have been lost with a disk. `replaced`: it is another journal, or an older copy.
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
