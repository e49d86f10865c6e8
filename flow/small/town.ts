import type { DeviceId } from '../../core/words.ts'
import type { CellQuery } from '../../ingest/store/store.ts'

/** The kinds of rows that numbers are told of. */
export type SmallKind = CellQuery['kind']
export const smallKinds = ['passage', 'vehicle', 'sighting', 'door'] as const satisfies readonly SmallKind[]

/** A building, by what stands there. */
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

/** Whose events count on a day. */
export interface DayTown {
  readonly places: readonly StandingPlace[]
  readonly households: readonly HouseholdDoor[]
}

/** A local day, epoch ms. */
export interface DaySpan {
  readonly from: number
  readonly to: number
}

/** How a day is told, whenever it is asked for. */
export interface DayTold extends DayTown {
  /** Doors of households that were enrolled after the day was told: they count nowhere. */
  readonly strangers: readonly DeviceId[]
  /** Only what was received before that, epoch ms, is counted; absent: everything. */
  readonly receivedBefore?: number
}

export interface ToldDays {
  /** Undefined for a day that cannot be told yet. What the store throws. */
  settle(days: readonly DaySpan[], kind: SmallKind, now: number): Promise<(DayTold | undefined)[]>
  /** History was stored of these times: their days are told anew, with what had been received until `now`. */
  unsettle(times: readonly number[], now: number): Promise<void>
}

/** When each place first reported something of a kind, epoch ms, by `placeName`; those that never did are left out. */
export type FirstRows = (
  kind: SmallKind,
  places: readonly StandingPlace[],
) => Promise<ReadonlyMap<string, number>>

/** No name holds a slash. */
export const placeName = ({ site, building }: Pick<StandingPlace, 'site' | 'building'>) =>
  `${site}/${building}`

/** What reports a kind. */
export function standingOf(kind: SmallKind): readonly StandingPlace['kind'][] {
  if (kind === 'sighting') return ['terminal', 'checkpoint']
  return kind === 'vehicle' ? ['checkpoint'] : ['terminal']
}
