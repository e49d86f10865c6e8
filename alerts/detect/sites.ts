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

/** Holds the devices of a site against each other: many that go at once are one. */
export function createSites(units: Units, apply: (unit: Unit, step: Step<SiteState>, now: number) => void) {
  const crowds = createCrowds(units)

  function unitOf(site: string): Unit | undefined {
    const key = siteKey(site)
    return units.get(key) ?? units.add(key, { scope: 'site', place: { site }, states: {} })
  }

  /** The device has just gone, or come back: what was told of its site is over so much later. */
  function changed(device: Unit, isBack: boolean, now: number): void {
    const { site = '' } = device.place
    const unit = units.get(siteKey(site))
    const state = unit && stateOf(unit)
    if (unit === undefined || state === undefined || state.episode === null) return
    // Put off within the last second: 2,400 devices that come back together are not each held against all.
    const { clearAt } = state.episode
    if (clearAt !== null && clearAt > now + (parametersOf(unit).clearS - 1) * secondMs) return
    const { known, missing } = crowds.of(site, now)
    const crowd = { known, missing: missing + (isBack ? 1 : 0) }
    apply(unit, { state: postpone(state, crowd, now, parametersOf(unit)), signals: [] }, now)
  }

  return {
    /** Whether what is to be said of the device is said of its site. */
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
    /** Its deadline; those of its devices that are still away are judged for themselves once it is over. */
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
