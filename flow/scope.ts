import type { AlertCells } from '../alerts/book/alert-cells.ts'
import type { Place } from '../core/words.ts'
import type { DayTown, SmallKind, ToldDays } from './small/town.ts'

/** Limits to what the user may know. Absent members mean everything, exactly. */
export interface FlowScope {
  /** Only events at these sites. */
  readonly sites?: readonly string[]
  /** All places ever enrolled, so that the answer can note a filter that names none of them. */
  readonly places?: readonly KnownPlace[]
  /** Absent for those who may not count alerts. Those who may can read every alert, so these numbers hide nothing. */
  readonly alerts?: AlertCells
  /** Epoch ms: answers note what is not over yet; absent: everything is over. */
  readonly now?: number
  /** Present if small numbers are hidden. */
  readonly smallNumbers?: SmallNumbers
}

/** For places the user may not know of, only the site. */
export type KnownPlace = Pick<Place, 'site'> & Partial<Pick<Place, 'building' | 'point' | 'device'>>

export interface SmallNumbers {
  /** The smallest number that is shown. */
  readonly k: number
  /** The service's own zone: numbers are shown for its days and quarters of an hour. */
  readonly zone: string
  /** Epoch ms: days that are not over are not shown. */
  readonly now: number
  /**
   * All buildings, whether anything happened there or not, by what stands there. If one were left out of an answer
   * because nothing happened, that would reveal its zero.
   */
  readonly places: DayTown['places']
  /** Devices at doors of single households: they count for their site, never for a building. */
  readonly households?: DayTown['households']
  /** All buildings where anything ever stood, including those of households; absent: those in `places`. */
  readonly known?: readonly Pick<Place, 'site' | 'building'>[]
  /** How each day was first shown; absent: by the present state. */
  readonly told?: Pick<ToldDays, 'settle'>
  /** Time from which all rows of a kind exist, epoch ms, and whether sums exist for the time before. */
  readonly kept?: (kind: SmallKind) => Promise<{ readonly since: number; readonly hasSums: boolean }>
}
