import { dayMs, minuteMs } from '../../core/clock.ts'
import type { Part } from '../../core/lifecycle.ts'
import { createLoop } from '../../core/loop.ts'
import type { Store } from '../../ingest/store/store.ts'
import { createFlowDetector } from './detector/detector.ts'
import type { FlowState } from './detector/state.ts'
import { type FlowPlace, type SlotsOf, seriesKey } from './flow-place.ts'
import { type FlowWatch, flowStepMin, type Lesson } from './flow-watch.ts'
import { learnedBudget } from './judge.ts'

const weekMs = 7 * dayMs
const weeks = 8
/** A week of half hours of about 370 devices in both directions. A building with more is not learned. */
const mostCells = 250_000
const sliceMs = 10
const retryMs = minuteMs

export interface FlowHistoryParts {
  readonly store: Pick<Store, 'cells' | 'applied'>
  readonly journalId: string
  readonly slotsOf: SlotsOf
  readonly isHousehold: (device: string) => boolean
  onFault(error: unknown): void
  readonly stepMin?: number
  /** Pause between two queries to the store, each for a week of one building. */
  readonly paceMs?: number
}

/**
 * Teaches the watch what it has not seen: for a new place, or where much came late, the store's last eight weeks are
 * judged as if they passed now, and nobody is told. It takes one building at a time, slowly.
 */
export function createFlowHistory(parts: FlowHistoryParts): Required<Part> & {
  /** Sets the watch to teach from now on. */
  teach(watch: FlowWatch): FlowWatch
  stats(): { readonly taught: number }
} {
  const { store, journalId, onFault, stepMin = flowStepMin, paceMs = 250 } = parts
  let watch: FlowWatch | undefined
  let taught = 0

  /** Resolves to true if a lesson was learned. */
  async function step(): Promise<boolean> {
    const at = watch
    const lesson = at?.lesson()
    if (at === undefined || lesson === undefined) return false
    // The store is behind: the end of the history is still missing.
    if ((await store.applied(journalId)) < lesson.seq) return false
    const states = await read(lesson)
    if (!loop.isRunning() || watch !== at || states === undefined || !at.learn(lesson, states)) return false
    taught++
    return true
  }

  async function read(lesson: Lesson): Promise<Map<string, FlowState> | undefined> {
    const history = createReplay(lesson, stepMin, parts.slotsOf)
    for (let from = lesson.until - weeks * weekMs; from < lesson.until; from += weekMs) {
      const counts = await countsOf(lesson, from)
      if (counts === undefined) return new Map()
      for (const slice of history.week(from, counts)) {
        if (!loop.isRunning()) return undefined
        await new Promise(resolve => setImmediate(resolve, slice))
      }
      await loop.rest(paceMs)
    }
    return history.states
  }

  /** Counts of a week, by bin and then by series; undefined if there are too many. */
  async function countsOf({ building, points }: Lesson, from: number): Promise<WeekCounts | undefined> {
    const counts: WeekCounts = new Map()
    const names = new Set(points.map(({ place }) => place.point))
    for (const kind of new Set(points.flatMap(({ kinds }) => kinds))) {
      const cells = await store.cells({
        kind,
        segments: [{ from, to: from + weekMs, offsetMs: 0 }],
        stepMs: stepMin * minuteMs,
        by: ['point', 'direction', 'device'],
        where: {
          site: [building.site],
          building: [building.building],
          ...(kind === 'passage' ? { result: ['granted'] } : {}),
        },
        limit: mostCells,
      })
      if (cells.length >= mostCells) return undefined
      for (const { localStart, values, count } of cells) {
        const [point = '', direction, device = ''] = values
        if (!names.has(point) || parts.isHousehold(device)) continue
        const bin = counts.get(localStart) ?? new Map<string, number>()
        counts.set(localStart, bin)
        for (const place of [{ ...building, point }, building]) {
          const key = seriesKey(place, direction === 'in' ? 'in' : 'out')
          bin.set(key, (bin.get(key) ?? 0) + count)
        }
      }
    }
    return counts
  }

  const loop = createLoop('flow history', async () => {
    const learned = await step().catch((error: unknown) => {
      onFault(error)
      return false
    })
    // A lesson that could not be learned is tried again after a minute; new ones are looked for more often.
    return learned ? paceMs : watch?.lesson() === undefined ? paceMs * 4 : retryMs
  })

  return {
    ...loop,
    teach(next) {
      watch = next
      return next
    },
    stats: () => ({ taught }),
  }
}

type WeekCounts = Map<number, Map<string, number>>

/** Judges the bins of a building's places in order, from each place's first count. */
function createReplay({ building, points }: Lesson, stepMin: number, slotsOf: SlotsOf) {
  const detector = createFlowDetector({ stepMin, budgetPerWeek: learnedBudget })
  const states = new Map<string, FlowState>()
  const slots = new Map<string, ReturnType<SlotsOf>>()
  const due = points.filter(({ learnAt }) => learnAt !== null)
  const zones = new Map(due.flatMap(({ place, zone }) => keysOf(place).map(key => [key, zone] as const)))
  if (points.length > 1) for (const key of keysOf(building)) zones.set(key, points[0]!.zone)

  function slotAt(zone: string, at: number) {
    const ofZone = slots.get(zone) ?? slotsOf(zone)
    slots.set(zone, ofZone)
    return ofZone(at)
  }

  return {
    states,
    *week(from: number, counts: WeekCounts): Generator<void> {
      let began = performance.now()
      for (let at = from; at < from + weekMs; at += stepMin * minuteMs) {
        const bin = counts.get(at)
        for (const [key, zone] of zones) {
          const before = states.get(key)
          const count = bin?.get(key) ?? 0
          if (before === undefined && count === 0) continue
          states.set(key, detector.next(before, { at, count }, slotAt(zone, at)).state)
        }
        if (performance.now() - began < sliceMs) continue
        yield
        began = performance.now()
      }
    },
  }
}

const keysOf = (place: FlowPlace) => [seriesKey(place, 'in'), seriesKey(place, 'out')]
