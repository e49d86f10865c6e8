import { minuteMs, secondMs } from '../../core/clock.ts'
import type { NewDevice } from '../../devices/registry/device.ts'
import type { TownMood } from '../../devices/town/events.ts'
import { type Incidents, planIncidents } from '../../devices/town/incidents.ts'
import { planTown } from '../../devices/town/plan.ts'
import { demoFlow } from '../../ingest/demo/faults.ts'

/** The town of the demo. */
export interface DemoTown {
  readonly seed: number
  /** A door that is not simulated, for the user's own events. */
  readonly yours: NewDevice
  readonly devices: readonly NewDevice[]
  readonly mood: TownMood
  /** A door where people are seen from the first seconds on. */
  readonly seen: NewDevice
}

const seed = 1
const size = { seed, sites: 2, buildingsPerSite: 3, doorsPerBuilding: 4, checkpoints: 1 }
/** The second site is smaller, so that four weeks of everything are stored in half a minute. */
const doorsOfOther = ['d01', 'd02']
const market = 'nanshe-market'
const canteen = 'nanshe-canteen'

/**
 * The demo's database is away for only a minute and a half, so the lag limit must be lower. And if chance events have
 * used up the budget of the week before, neither a rush nor an empty market would be reported.
 */
export const demoRules = {
  rules: { 'journal-lag': { bad: 60, good: 20, forS: 0 } },
  sites: {
    nanshe: {
      points: {
        'canteen/d01': { 'flow-high': { budgetPerWeek: 1 } },
        'market/d01': { 'flow-low': { budgetPerWeek: 1 } },
      },
    },
  },
}

export function planDemoTown(zone: string): DemoTown {
  const place = { kind: 'terminal', site: 'nanshe', zone } as const
  const yours: NewDevice = { ...place, device: 'my-door', building: 'b01', point: 'd99' }
  const planned = planTown({ ...size, zone }).filter(
    ({ site, kind, point }) => site === 'nanshe' || kind === 'checkpoint' || doorsOfOther.includes(point),
  )
  return {
    seed,
    yours,
    devices: [
      ...planned,
      { ...place, device: market, building: 'market', point: 'd01' },
      { ...place, device: canteen, building: 'canteen', point: 'd01' },
    ],
    mood: { traffic: 0.15, crowds: { [market]: 'market', [canteen]: 'canteen' } },
    seen: planned.findLast(({ site }) => site === 'nanshe')!,
  }
}

/** Plans incidents within minutes after `now`. */
export function planDemoIncidents({ devices, mood, seen }: DemoTown, now: number): Incidents {
  const at = (wanted: (site: string) => boolean) =>
    devices.flatMap(({ site, kind, device }) =>
      kind === 'terminal' && wanted(site) && mood.crowds?.[device] === undefined && device !== seen.device
        ? [device]
        : [],
    )
  const lane = devices.find(({ kind }) => kind === 'checkpoint')!.device
  const stepMs = demoFlow.flowStepMin * minuteMs
  // In the next complete bin, when the canteen is already known.
  const rushAt = (Math.floor((now + minuteMs) / stepMs) + 1) * stepMs + 10 * secondMs
  const places = {
    doors: at(site => site === 'nanshe'),
    blackout: at(site => site !== 'nanshe'),
    lane,
    market,
    canteen,
    seen: seen.device,
  }
  return planIncidents(places, now + 5 * secondMs, rushAt)
}
