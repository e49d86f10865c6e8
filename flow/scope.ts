import type { DeviceId, Place } from '../core/words.ts'
import type { AlertCells } from '../ingest/alert/alert-cells.ts'

/** What the one who asks may know. Absent members: everything, exactly. */
export interface FlowScope {
  /** Only what happened at these sites. */
  readonly sites?: readonly string[]
  /** All that ever were enrolled, so that a filter that names none of them is told. */
  readonly places?: readonly KnownPlace[]
  /** Absent for who may not count alerts. Who may could read each of them, so their numbers hide nothing. */
  readonly alerts?: AlertCells
  /** Small numbers are hidden. */
  readonly smallNumbers?: SmallNumbers
}

export type KnownPlace = Pick<Place, 'site' | 'building' | 'point' | 'device'>

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
  readonly places: readonly {
    readonly site: string
    readonly building: string
    readonly kind: 'terminal' | 'checkpoint'
  }[]
  /** Devices at the door of one household: counted for their site, never for a building. */
  readonly households?: readonly { readonly device: DeviceId; readonly site: string }[]
}
