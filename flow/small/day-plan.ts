import type { DeviceId } from '../../core/words.ts'
import type { SmallNumbers } from '../scope.ts'
import type { Division } from './small-question.ts'
import type { Day } from './times.ts'
import { type DayTold, type DayTown, placeName, type SmallKind, standingOf } from './town.ts'

export interface SitePlan {
  readonly buildings: ReadonlySet<string>
  /** True if the doors of households are a child of the site. */
  readonly hasHouseholds: boolean
}

/** A door's rows count for its building, only for its site, or for nobody. */
export type DoorRows = 'of the building' | 'of the site' | 'of nobody'

/** How one day of one kind is shown. */
export interface DayPlan {
  /** All sites that count, whether anything happened there or not. */
  readonly sites: ReadonlyMap<string, SitePlan>
  /** Only sums exist for the day, and they do not say which door they are from. */
  readonly isOfSums: boolean
  readonly receivedBefore?: number
  doorRows(device: DeviceId, site: string): DoorRows
  /** True if a building does not count on that day: it was not among the places when the day was first shown. */
  isAbsent(place: { readonly site: string; readonly building: string }): boolean
  /** True if nothing is shown of a place, whatever it counts. */
  isUntold(site: string | undefined, child: string | undefined): boolean
}

export interface DayPlans {
  readonly plans: readonly DayPlan[]
  /** Doors of households on any of the days. */
  readonly households: readonly DeviceId[]
  /** Buildings that are absent on any of the days. */
  readonly absent: readonly { readonly site: string; readonly building: string }[]
}

/** Decides which days may be shown, for which places, and from which rows. */
export async function createDayPlans(
  days: readonly Day[],
  kind: SmallKind,
  division: Division | undefined,
  { places, households = [], known = places, told, kept, now }: SmallNumbers,
): Promise<DayPlans> {
  const asIs: DayTold = { places, households, strangers: [] }
  const settled = (await told?.settle(days, kind, now)) ?? days.map(() => asIs)
  const { since, hasSums } = (await kept?.(kind)) ?? { since: Number.NEGATIVE_INFINITY, hasSums: false }

  const doors = new Set<DeviceId>()
  const absent = new Map<string, { readonly site: string; readonly building: string }>()
  const plans = days.map(({ from }, index): DayPlan => {
    const isWhole = from >= since
    const isOfSums = !isWhole && hasSums
    const found = settled[index]
    const isTold = found !== undefined && (isWhole || (isOfSums && (division ?? 'building') === 'building'))
    const town = found ?? asIs
    const sites = sitesOf(town, kind)
    const own = new Set(town.households.map(({ device }) => device))
    const strangers = new Set(town.strangers)
    const isAbsent = ({ site, building }: { site: string; building: string }) =>
      isWhole && sites.get(site)?.buildings.has(building) !== true
    if (isTold && isWhole) {
      if (standingOf(kind).includes('terminal')) for (const door of [...own, ...strangers]) doors.add(door)
      for (const place of known) if (isAbsent(place)) absent.set(placeName(place), place)
    }
    return {
      sites,
      isOfSums,
      isAbsent,
      ...(found?.receivedBefore === undefined || !isWhole ? {} : { receivedBefore: found.receivedBefore }),
      doorRows(device, site) {
        if (!isWhole || !(own.has(device) || strangers.has(device))) return 'of the building'
        return own.has(device) && sites.get(site)?.hasHouseholds ? 'of the site' : 'of nobody'
      },
      isUntold: (site, child) =>
        !isTold || (isOfSums && child !== undefined && sites.get(site!)?.hasHouseholds === true),
    }
  })
  return { plans, households: [...doors], absent: [...absent.values()] }
}

function sitesOf({ places, households }: DayTown, kind: SmallKind): Map<string, SitePlan> {
  const standing = standingOf(kind)
  const buildings = new Map<string, Set<string>>()
  for (const { site, building, kind: stands } of places)
    if (standing.includes(stands)) buildings.set(site, (buildings.get(site) ?? new Set()).add(building))
  const withHouseholds = new Set(standing.includes('terminal') ? households.map(({ site }) => site) : [])
  return new Map(
    [...new Set([...buildings.keys(), ...withHouseholds])].map(site => [
      site,
      { buildings: buildings.get(site) ?? new Set<string>(), hasHouseholds: withHouseholds.has(site) },
    ]),
  )
}
