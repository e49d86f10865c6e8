import { hourMs } from '../../core/clock.ts'
import { flowRules } from '../rules/flow-rules.ts'
import type { Ending, Finding } from '../rules/rule.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import { type Bins, type ClosedBin, graceMs, setBackMs } from './bins.ts'
import { createFlowDetector } from './detector/detector.ts'
import type { Episode } from './detector/episode.ts'
import type { FlowState, Sides } from './detector/state.ts'
import { type FlowRuleName, findingOf, ruleOf, sideOf } from './flow-finding.ts'
import {
  type Change,
  type Counts,
  directions,
  type FlowPlace,
  placeOf,
  type SlotsOf,
  seriesKey,
} from './flow-place.ts'
import type { Point, Points } from './points.ts'
import type { Series, SeriesTable } from './series.ts'
import type { Stations, Told } from './stations.ts'

export interface JudgeParts {
  readonly settings: RuleSettings
  readonly slotsOf: SlotsOf
  readonly stepMin: number
  readonly points: Points
  readonly table: SeriesTable
  readonly stations: Stations
  readonly bins: Bins
  readonly stopwatch: () => number
  readonly unsaved: Change[]
}

/** Most changes in one transaction: a larger commit blocks the event loop. */
const mostChanges = 600
/** A bin judged later than this is history: nobody is told. */
const newsMs = hourMs
const none: Counts = [0, 0]
const fewestWeeks = 4

/** Judges closed bins site by site, each place and direction by its own state, so that it may pause anywhere. */
export function createJudge(parts: JudgeParts) {
  const { stepMin, points, table, stations, bins, stopwatch } = parts
  const { stepMs } = bins
  let settings = parts.settings
  let detectors = new Map<string, ReturnType<typeof createFlowDetector>>()
  let slots = new Map<string, ReturnType<SlotsOf>>()
  let unsaved = parts.unsaved
  let findings: Finding[] = []
  let work: Generator<void, void> | undefined
  let isReviewDue = true
  let now = 0
  let listed = 0
  /** When the decision fell; `receivedAt` of the findings. */
  let decidedAt = 0

  function slotAt(zone: string, at: number) {
    let ofZone = slots.get(zone)
    if (ofZone === undefined) {
      ofZone = parts.slotsOf(zone)
      slots.set(zone, ofZone)
    }
    return ofZone(at)
  }
  function detectorOf(budgetPerWeek: Sides<number>) {
    const key = `${budgetPerWeek.high} ${budgetPerWeek.low}`
    let detector = detectors.get(key)
    if (detector === undefined) {
      detector = createFlowDetector({ stepMin, budgetPerWeek })
      detectors.set(key, detector)
    }
    return detector
  }
  const budgetsAt = (place: FlowPlace): Sides<number> => ({
    high: Number(settings.of(flowRules.high, place).budgetPerWeek),
    low: Number(settings.of(flowRules.low, place).budgetPerWeek),
  })

  function tell(series: string, zone: string, rule: FlowRuleName, episode: Episode, ending?: Ending): void {
    const told = { series, rule, episode, ...(ending === undefined ? {} : { ending }) }
    findings.push(findingOf(told, decidedAt, settings, at => slotAt(zone, at)))
  }

  /** Clears alerts that were told. */
  function endAll(site: string, ending: Ending, isOver: (told: Told) => boolean): void {
    for (const told of stations.told(site)) {
      if (!isOver(told) || !stations.end(told)) continue
      const { series, rule, begin } = told
      const { state, zone = 'UTC' } = table.get(series) ?? {}
      const open = state?.open[sideOf(rule)]
      const unknown = { begin, end: begin + stepMs, actual: 0, expected: 0, score: 0 }
      tell(series, zone, rule, open?.begin === begin ? open : unknown, ending)
    }
  }

  function drop(key: string, ending: Ending): void {
    endAll(placeOf(key).site, ending, ({ series }) => series === key)
    stations.drop(key)
    unsaved.push(...table.remove(key))
  }

  /** Rules may have been disabled. */
  function review(): void {
    for (const site of stations.sites())
      endAll(site, 'disabled', ({ series, rule }) => !settings.of(ruleOf(rule), placeOf(series)).enabled)
  }

  function judgeSeries(key: string, place: FlowPlace, zone: string, count: number | null, at: number): void {
    const known = table.get(key)
    if (known !== undefined && known.state.at >= at && known.state.at <= at + setBackMs) return
    if (known !== undefined && known.state.at > at) drop(key, 'over')
    const before = table.get(key)
    if (before === undefined && !count) return
    const tuned = budgetsAt(place)
    const detector = detectorOf(tuned)
    const isTuned = before?.tuned.high === tuned.high && before.tuned.low === tuned.low
    const from = before && (isTuned ? before.state : detector.retune(before.state))
    const { state, findings: changes } = detector.next(from, { at, count }, slotAt(zone, at))
    const isNews = now - at - stepMs <= newsMs
    for (const { rule, change, episode } of changes) {
      const isTold = change === 'ended' && stations.end({ series: key, rule, begin: episode.begin })
      if (isTold) tell(key, zone, rule, episode, 'over')
      if (change !== 'began' || !settings.of(ruleOf(rule), place).enabled) continue
      if (isNews) stations.begin({ series: key, rule, episode })
      else listed++
    }
    unsaved.push(...table.set(key, { state, tuned, zone }))
  }

  function* judgePlace(place: FlowPlace, zone: string, counts: Counts | null, at: number) {
    for (const [index, direction] of directions.entries()) {
      judgeSeries(seriesKey(place, direction), place, zone, counts && counts[index]!, at)
      yield
    }
  }

  function* judgeSite(site: string, { at, counts }: ClosedBin, missing: ReadonlySet<string>) {
    if (stations.judgedAt(site) > at + setBackMs) stations.startAnew(site)
    if (stations.judgedAt(site) >= at) return
    decidedAt = at + stepMs + graceMs
    const kept = new Set<string>()
    const keep = (place: FlowPlace) => {
      for (const direction of directions) kept.add(seriesKey(place, direction))
    }
    const buildings = points
      .buildings(site)
      .map(building => points.ofBuilding({ site, building }).filter(({ since }) => since <= at))
    for (const members of buildings) {
      for (const { place } of members) keep(place)
      if (members.length > 1) keep(buildingOf(members))
    }
    for (const key of table.ofSite(site)) if (!kept.has(key)) drop(key, 'removed')
    endAll(site, 'removed', ({ series }) => !kept.has(series))
    for (const members of buildings) {
      const all = members.map(({ key }) => (missing.has(key) ? null : (counts[key] ?? none)))
      for (const [index, { place, zone }] of members.entries())
        yield* judgePlace(place, zone, all[index]!, at)
      if (members.length > 1) yield* judgePlace(buildingOf(members), members[0]!.zone, sumOf(all), at)
    }
    const { told, listed: quiet } = stations.finish(site, at, settings)
    listed += quiet
    for (const { series, rule, episode } of told) tell(series, table.get(series)!.zone, rule, episode)
    if (buildings.length === 0) stations.remove(site)
    yield
  }

  function* judgeAll(): Generator<void, void> {
    for (let bin = bins.closed()[0]; bin !== undefined; bin = bins.closed()[0]) {
      const missing = new Set(bin.missing)
      const sites = new Set([...points.sites(), ...table.sites(), ...stations.sites()])
      for (const site of [...sites].sort()) yield* judgeSite(site, bin, missing)
      unsaved.push(bins.done(bin))
      yield
    }
  }

  return {
    use(next: RuleSettings): void {
      settings = next
      detectors = new Map()
      slots = new Map()
      isReviewDue = true
    },
    judge(clock: number, ms = 10): { findings: Finding[]; saved: Change[] } | undefined {
      now = clock
      const until = stopwatch() + ms
      if (isReviewDue) {
        decidedAt = clock
        review()
      }
      isReviewDue = false
      if (work === undefined && bins.closed().length > 0) work = judgeAll()
      while (work !== undefined && unsaved.length < mostChanges) {
        if (work.next().done) work = undefined
        if (stopwatch() >= until) break
      }
      const saved = [...unsaved, ...stations.changed()]
      const found = findings
      unsaved = []
      findings = []
      return saved.length === 0 && work === undefined ? undefined : { findings: found, saved }
    },
    isBusy: () => work !== undefined || bins.closed().length > 0,
    isTold: ({ site, building }: FlowPlace) =>
      stations.told(site).some(({ series }) => placeOf(series).building === building),
    /** Takes over states learned from history. */
    learn(
      places: readonly { place: FlowPlace; zone: string }[],
      states: ReadonlyMap<string, FlowState>,
    ): void {
      for (const { place, zone } of places) {
        for (const direction of directions) {
          const key = seriesKey(place, direction)
          const state = states.get(key)
          if (state === undefined || !isBetter(state, table.get(key))) continue
          unsaved.push(...table.set(key, { state, tuned: learnedBudget, zone }))
        }
      }
    },
    listed: () => listed,
  }
}

/** Budgets for reading history; those in force apply from the next bin on. */
export const learnedBudget: Sides<number> = { high: 0.5, low: 0.25 }

/** A state that was watched for longer than history goes back is kept, unless history covers some weeks. */
const isBetter = ({ firstAt, weeks }: FlowState, known: Series | undefined) =>
  known === undefined || firstAt <= known.state.firstAt || weeks >= fewestWeeks

function buildingOf([first]: readonly Point[]): FlowPlace {
  const { site, building } = first!.place
  return { site, building }
}

const sumOf = (all: readonly (Counts | null)[]): Counts | null =>
  all.reduce<Counts | null>((sum, one) => (sum === null || one === null ? null : [sum[0] + one[0], sum[1] + one[1]]), none) // biome-ignore format: one thing
