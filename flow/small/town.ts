import type { DeviceId } from '../../core/words.ts'
import type { CellQuery } from '../../ingest/store/store.ts'

/** Kinds of rows for which numbers are shown. */
export type SmallKind = CellQuery['kind']
export const smallKinds = ['passage', 'vehicle', 'sighting', 'door'] as const satisfies readonly SmallKind[]

/** A building, and what stands there. */
export interface StandingPlace {
  readonly site: string
  readonly building: string
  readonly kind: 'terminal' | 'checkpoint'
}

/** The door of one household. */
export interface HouseholdDoor {
  readonly device: DeviceId
  readonly site: string
}

/** The places and doors whose events count on a day. */
export interface DayTown {
  readonly places: readonly StandingPlace[]
  readonly households: readonly HouseholdDoor[]
}

/** A local day, epoch ms. */
export interface DaySpan {
  readonly from: number
  readonly to: number
}

/** How a day is shown, whenever it is asked for. */
export interface DayTold extends DayTown {
  /** Household doors enrolled after the day was first shown: they count nowhere. */
  readonly strangers: readonly DeviceId[]
  /** Count only what was received before this, epoch ms; absent: everything. */
  readonly receivedBefore?: number
}

export interface ToldDays {
  /** Undefined for a day that may not be shown yet. Throws what the store throws. */
  settle(days: readonly DaySpan[], kind: SmallKind, now: number): Promise<(DayTold | undefined)[]>
  /** History was stored for these times: their days are shown again, with what had been received until `now`. */
  unsettle(times: readonly number[], now: number): Promise<void>
}

/** When each place first reported something of a kind, epoch ms, by `placeName`; places that never did are left out. */
export type FirstRows = (
  kind: SmallKind,
  places: readonly StandingPlace[],
) => Promise<ReadonlyMap<string, number>>

/** Names contain no slash. */
export const placeName = ({ site, building }: Pick<StandingPlace, 'site' | 'building'>) =>
  `${site}/${building}`

/** Kinds of places that report a kind of rows. */
export function standingOf(kind: SmallKind): readonly StandingPlace['kind'][] {
  if (kind === 'sighting') return ['terminal', 'checkpoint']
  return kind === 'vehicle' ? ['checkpoint'] : ['terminal']
}
