import type { AlertCells } from '../alerts/book/alert-cells.ts'
import type { Place } from '../core/words.ts'
import type { DayTown, SmallKind, ToldDays } from './small/town.ts'

/** What the one who asks may know. Absent members: everything, exactly. */
export interface FlowScope {
  /** Only what happened at these sites. */
  readonly sites?: readonly string[]
  /** All that ever were enrolled, so that a filter that names none of them is told. */
  readonly places?: readonly KnownPlace[]
  /** Absent for who may not count alerts. Who may could read each of them, so their numbers hide nothing. */
  readonly alerts?: AlertCells
  /** Epoch ms: what is not over is told to be so; absent: everything is. */
  readonly now?: number
  /** Small numbers are hidden. */
  readonly smallNumbers?: SmallNumbers
}

/** Of a place that one may not know of there is the site alone. */
export type KnownPlace = Pick<Place, 'site'> & Partial<Pick<Place, 'building' | 'point' | 'device'>>

export interface SmallNumbers {
  /** The smallest number that is told. */
  readonly k: number
  /** The service's own zone: its days and quarters of an hour are what numbers are told of. */
  readonly zone: string
  /** Epoch ms: days that are not over are not told. */
  readonly now: number
  /**
   * All buildings that there are, whether anything happened there or not, by what stands there: one that is left
   * out of an answer because nothing happened would be told to have had nothing.
   */
  readonly places: DayTown['places']
  /** Devices at the door of one household: counted for their site, never for a building. */
  readonly households?: DayTown['households']
  /** All buildings where anything ever stood, those of households too; absent: those above. */
  readonly known?: readonly Pick<Place, 'site' | 'building'>[]
  /** How each day has been told; absent: as things are now. */
  readonly told?: Pick<ToldDays, 'settle'>
  /** Since when there are all rows of a kind, epoch ms, and whether of the time before there are sums. */
  readonly kept?: (kind: SmallKind) => Promise<{ readonly since: number; readonly hasSums: boolean }>
}
