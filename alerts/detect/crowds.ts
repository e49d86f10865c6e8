import {
  type DeviceOfflineParameters,
  type DeviceState,
  deviceOffline,
  missingAfter,
} from '../rules/definitions/device-offline.ts'
import type { Crowd } from '../rules/definitions/site-offline.ts'
import type { Unit } from './unit.ts'
import type { Units } from './units.ts'

export const linkOf = (unit: Unit) => unit.states.get(deviceOffline) as DeviceState | undefined
export const linkParametersOf = (unit: Unit) =>
  unit.parameters.get(deviceOffline) as unknown as DeviceOfflineParameters

interface Count {
  /** When it was counted, and until when passing time alone changes nothing. */
  at: number
  until: number
  missing: number
  readonly isMissing: Map<Unit, boolean>
  /** Units that changed since then. */
  readonly touched: Set<Unit>
}

/**
 * Counts how many devices of a site are missing. The count is updated, not repeated: when thousands are judged in the
 * same second, each costs only what has changed and not the whole site.
 */
export function createCrowds(units: Pick<Units, 'get' | 'devicesOf' | 'onDevice'>) {
  const counts = new Map<string, Count>()
  units.onDevice(unit => {
    if (unit === undefined) counts.clear()
    else counts.get(unit.place.site ?? '')?.touched.add(unit)
  })

  function look(count: Count, unit: Unit, now: number): void {
    if (count.isMissing.get(unit)) count.missing--
    count.isMissing.delete(unit)
    const link = units.get(unit.key) === unit ? linkOf(unit) : undefined
    if (link === undefined) return
    const after = missingAfter(link, linkParametersOf(unit))
    const isMissing = now > after
    count.isMissing.set(unit, isMissing)
    if (isMissing) count.missing++
    else count.until = Math.min(count.until, after)
  }

  return {
    of(site: string, now: number): Crowd {
      let count = counts.get(site)
      const isFresh = count !== undefined && now >= count.at && now <= count.until
      if (count === undefined || !isFresh) {
        count = {
          at: now,
          until: Number.POSITIVE_INFINITY,
          missing: 0,
          isMissing: new Map(),
          touched: new Set(),
        }
        counts.set(site, count)
        for (const unit of units.devicesOf(site)) look(count, unit, now)
      } else for (const unit of count.touched) look(count, unit, now)
      count.touched.clear()
      count.at = now
      const crowd = { known: count.isMissing.size, missing: count.missing }
      if (crowd.known === 0) counts.delete(site)
      return crowd
    },
  }
}
