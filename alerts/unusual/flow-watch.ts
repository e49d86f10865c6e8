import type { Place } from '../../core/words.ts'
import type { Observation, Saved } from '../detect/observation.ts'
import type { Finding, FindingPlace } from '../rules/rule.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import { createBins } from './bins.ts'
import type { FlowState } from './detector/state.ts'
import type { Change, FlowPlace, SlotsOf } from './flow-place.ts'
import { createJudge } from './judge.ts'
import { createPoints, type Point } from './points.ts'
import { createSeriesTable } from './series.ts'
import { createStations } from './stations.ts'

/** Length of the service's bins: unusual flow is reported when the half hour is over. A place and direction takes 14 kB of memory. */
export const flowStepMin = 30

export interface FlowWatchOptions {
  readonly settings: RuleSettings
  /** Called again for each zone after the settings change. */
  readonly slotsOf: SlotsOf
  /** The door of a single household is not counted: that would watch people who can be named. */
  readonly isHousehold: (device: string) => boolean
  /** In the order of the keys, as a state table returns it. */
  readonly saved?: Iterable<Saved>
  readonly stepMin?: number
  /** Time from a point's first count until its history is read. */
  readonly learnAfterMs?: number | undefined
  readonly stopwatch?: () => number
}

/** A building whose history should be read. */
export interface Lesson {
  readonly building: FlowPlace
  readonly points: readonly Point[]
  /** End of the history, exclusive; epoch ms. */
  readonly until: number
  /** Position in the journal that the store must have reached. */
  readonly seq: number
}

/**
 * Counts passages at each point, in and out, and judges each bin once it is over. As with the rules, findings depend
 * only on the records and on the times given to `tick`.
 */
export interface FlowWatch {
  take(observation: Observation, place: Place): void
  /** Call about every second, only while devices can be heard: after a longer pause the open bin is unknown. */
  tick(now: number, detector: { isAway(point: FindingPlace): boolean }): void
  use(settings: RuleSettings): void
  /** Counts to save in one transaction with the position in the journal. */
  changed(): Change[]
  /**
   * Judges closed bins for about that many milliseconds; undefined if there is nothing to do. Save what it returns in
   * one transaction. After a failure, create a new watch from what was saved.
   */
  judge(now: number, ms?: number): { readonly findings: Finding[]; readonly saved: Change[] } | undefined
  /** The history to read now, if any. */
  lesson(): Lesson | undefined
  /** Takes over states by series, computed from history up to the end of the lesson; false if it cannot. `judge` saves them. */
  learn(lesson: Lesson, states: ReadonlyMap<string, FlowState>): boolean
  stats(): FlowStats
}

export interface FlowStats {
  readonly points: number
  readonly series: number
  /** Bins waiting to be judged. */
  readonly pending: number
  /** Points rejected because there was no room. */
  readonly refused: number
  /** Episodes not told: beyond the cap of a site, covered by their building, or long ago. */
  readonly listed: number
}

export function createFlowWatch(options: FlowWatchOptions): FlowWatch {
  const { isHousehold, saved = [], stepMin = flowStepMin, stopwatch = () => performance.now() } = options
  const stored = new Map<string, unknown>(saved)
  const outdated = removalOf(stored, stepMin)
  const of = (kind: string) => [...stored].filter(([key]) => key.startsWith(`${kind}/`))
  const points = createPoints(of('point'), options.learnAfterMs)
  const table = createSeriesTable(of('flow'))
  const stations = createStations(of('site'))
  const bins = createBins({ stepMin, points, saved: stored, isHousehold })
  stored.clear()
  const judge = createJudge({
    ...options,
    stepMin,
    points,
    table,
    stations,
    bins,
    stopwatch,
    unsaved: outdated,
  })

  return {
    take: bins.take,
    tick: (now, detector) => bins.tick(now, place => detector.isAway(place)),
    use: judge.use,
    changed: () => [...bins.changed(), ...points.changed()],
    judge: judge.judge,
    lesson() {
      const until = bins.openAt()
      if (until === undefined || judge.isBusy()) return undefined
      const now = bins.now()
      for (const { learnAt, place } of points.all()) {
        if (learnAt === null || learnAt > now) continue
        const building = { site: place.site, building: place.building }
        if (!judge.isTold(building)) return { building, points: points.ofBuilding(building), until, seq: bins.openSeq() } // biome-ignore format: one thing
      }
      return undefined
    },
    learn(lesson, states) {
      if (judge.isBusy() || bins.openAt() !== lesson.until || judge.isTold(lesson.building)) return false
      const due = lesson.points.filter(({ learnAt }) => learnAt !== null)
      judge.learn([...due, { place: lesson.building, zone: lesson.points[0]?.zone ?? 'UTC' }], states)
      for (const { place, learnAt } of due) {
        const point = points.get(place as Place)
        if (point?.learnAt === learnAt) points.learned(point, bins.now())
      }
      return true
    },
    stats: () => ({
      points: points.size(),
      series: table.size(),
      pending: bins.closed().length,
      refused: points.refused(),
      listed: judge.listed(),
    }),
  }
}

/** Counts in bins of another length are useless: everything is learned again from history. */
function removalOf(stored: Map<string, unknown>, stepMin: number): Change[] {
  const head = stored.get('head') as { readonly stepMin: number } | undefined
  if (head === undefined || head.stepMin === stepMin) return []
  const removal = [...stored.keys()].map(key => [key, undefined] as const)
  stored.clear()
  return removal
}
