import { secondMs } from '../../core/clock.ts'
import { deviceOffline } from '../rules/definitions/device-offline.ts'
import {
  expireSite,
  judgeSite,
  postpone,
  type SiteOfflineParameters,
  type SiteState,
  siteOffline,
} from '../rules/definitions/site-offline.ts'
import type { Step } from '../rules/rule.ts'
import { createCrowds, linkOf, linkParametersOf } from './crowds.ts'
import type { Unit } from './unit.ts'
import type { Units } from './units.ts'

export const siteKey = (site: string) => `site/${site}`
const stateOf = (unit: Unit) => unit.states.get(siteOffline) as SiteState | undefined
const parametersOf = (unit: Unit) => unit.parameters.get(siteOffline) as unknown as SiteOfflineParameters

/** Compares the devices of a site: many that go offline at once become one alert. */
export function createSites(units: Units, apply: (unit: Unit, step: Step<SiteState>, now: number) => void) {
  const crowds = createCrowds(units)

  function unitOf(site: string): Unit | undefined {
    const key = siteKey(site)
    return units.get(key) ?? units.add(key, { scope: 'site', place: { site }, states: {} })
  }

  /** A device has just gone or come back: the end of the site's alert is postponed. */
  function changed(device: Unit, isBack: boolean, now: number): void {
    const { site = '' } = device.place
    const unit = units.get(siteKey(site))
    const state = unit && stateOf(unit)
    if (unit === undefined || state === undefined || state.episode === null) return
    // The end was postponed within the last second: this keeps 2,400 devices that return together from being counted 2,400 times.
    const { clearAt } = state.episode
    if (clearAt !== null && clearAt > now + (parametersOf(unit).clearS - 1) * secondMs) return
    const { known, missing } = crowds.of(site, now)
    const crowd = { known, missing: missing + (isBack ? 1 : 0) }
    apply(unit, { state: postpone(state, crowd, now, parametersOf(unit)), signals: [] }, now)
  }

  return {
    /** True if the site's alert covers the device, so the device gets none of its own. */
    judge(device: Unit, now: number): boolean {
      const { site = '' } = device.place
      const unit = unitOf(site)
      const link = linkOf(device)
      if (unit === undefined || link === undefined) return false
      if (stateOf(unit)?.episode) {
        changed(device, false, now)
        return true
      }
      const crowd = crowds.of(site, now)
      const state = stateOf(unit)
      const step = judgeSite(state, crowd, link.away?.at ?? link.heardAt, now, parametersOf(unit))
      apply(unit, step, now)
      return step.state.episode !== null
    },
    changed,
    /** Called at the site's deadline. Once its alert is over, each device still away is judged on its own. */
    expire(unit: Unit, now: number): void {
      const { site = '' } = unit.place
      const state = stateOf(unit)
      if (state === undefined) return
      const step = expireSite(state, crowds.of(site, now), now, parametersOf(unit))
      apply(unit, step, now)
      if (step.signals.length === 0) return
      for (const device of units.devicesOf(site)) {
        const link = linkOf(device)
        if (link === undefined || link.away === null || link.episode !== null) continue
        const { graceS } = linkParametersOf(device)
        const judgeAt = Math.max(link.away.judgeAt ?? 0, now + graceS * secondMs)
        device.states.set(deviceOffline, { ...link, away: { ...link.away, judgeAt } })
        units.touched(device)
      }
    },
  }
}
