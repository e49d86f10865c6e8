import { flowRules } from '../rules/flow-rules.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import type { FlowFinding } from './detector/state.ts'
import { admitToStation, quietStation, type StationState } from './detector/station.ts'
import { type Change, placeOf } from './flow-place.ts'

/** An episode that was told: its series, its rule and its beginning. */
export interface Told {
  readonly series: string
  readonly rule: FlowFinding['rule']
  readonly begin: number
}

/** An episode that has just begun; it may be told once all places of its site have been judged. */
export interface Begun extends Pick<FlowFinding, 'rule' | 'episode'> {
  readonly series: string
}

interface SavedStation {
  /** The latest bin judged at all places of the site. */
  readonly at: number
  readonly stations: Readonly<Record<FlowFinding['rule'], StationState>>
  readonly told: readonly Told[]
  readonly begun: readonly Begun[]
}

const firstStation: SavedStation = {
  at: 0,
  stations: { 'flow-high': quietStation, 'flow-low': quietStation },
  told: [],
  begun: [],
}

const stationKey = (site: string) => `site/${site}`
const siteOf = (series: string) => placeOf(series).site

/** Decides what the staff of each site are told: episodes that begin together are ranked, and the end of a told one is told. */
export function createStations(saved: Iterable<readonly [key: string, value: unknown]>) {
  const stations = new Map([...saved].map(([key, value]) => [key.slice(5), value as SavedStation]))
  const dirty = new Set<string>()
  const get = (site: string) => stations.get(site) ?? firstStation
  function set(site: string, changes: Partial<SavedStation>): void {
    stations.set(site, { ...get(site), ...changes })
    dirty.add(site)
  }

  return {
    judgedAt: (site: string) => get(site).at,
    /** A wrong clock has judged bins that are still to come: forget that. */
    startAnew(site: string): void {
      set(site, { at: 0, stations: firstStation.stations, begun: [] })
    },
    begin(begun: Begun): void {
      const site = siteOf(begun.series)
      set(site, { begun: [...get(site).begun, begun] })
    },
    /** True if its beginning was told, so its end must be told too. */
    end({ series, rule, begin }: Told): boolean {
      const site = siteOf(series)
      const { told } = get(site)
      const others = told.filter(one => one.series !== series || one.rule !== rule || one.begin !== begin)
      if (others.length === told.length) return false
      set(site, { told: others })
      return true
    },
    /** The series is no longer watched: an episode that has begun there is not told. */
    drop(series: string): void {
      const site = siteOf(series)
      const { begun } = get(site)
      const others = begun.filter(one => one.series !== series)
      if (others.length < begun.length) set(site, { begun: others })
    },
    told: (site: string) => get(site).told,
    /** Call when all places of the site are judged up to `at`. Returns the begun episodes to tell, largest excess first. */
    finish(site: string, at: number, settings: RuleSettings): { told: readonly Begun[]; listed: number } {
      const before = get(site)
      const ways = new Set([...before.told, ...before.begun].map(wayOf))
      // If a building is told, its doors are not told for the same.
      const alone = before.begun.filter(one => {
        const { point, ...building } = placeOf(one.series)
        return (
          point === undefined || !ways.has(wayOf({ ...one, series: seriesOfBuilding(one.series, building) }))
        )
      })
      const admitted: Begun[] = []
      const next = { ...before.stations }
      for (const rule of Object.values(flowRules)) {
        const name = rule.name as FlowFinding['rule']
        const { perDay } = settings.of(rule, { site })
        const of = alone.filter(one => one.rule === name)
        const { state, told } = admitToStation(before.stations[name], of, at, Number(perDay))
        next[name] = state
        admitted.push(...told)
      }
      const told = admitted.map(({ series, rule, episode }) => ({ series, rule, begin: episode.begin }))
      set(site, { at, stations: next, told: [...before.told, ...told], begun: [] })
      return { told: admitted, listed: before.begun.length - admitted.length }
    },
    /** Call when no place of the site is left. */
    remove(site: string): void {
      stations.delete(site)
      dirty.add(site)
    },
    sites: () => [...stations.keys()],
    changed(): Change[] {
      const changes = [...dirty].map(site => [stationKey(site), stations.get(site)] as const)
      dirty.clear()
      return changes
    },
  }
}
export type Stations = ReturnType<typeof createStations>

/** Key of a place, a direction, and too much or too little. */
const wayOf = ({ series, rule }: Pick<Told, 'series' | 'rule'>) => `${rule} ${series}`
const seriesOfBuilding = (series: string, { site, building }: { site: string; building: string }) =>
  `flow/${site}/${building}//${series.split('/')[4]}`
