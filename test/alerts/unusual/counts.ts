import { noCalendar } from '../../../alerts/calendar/calendar.ts'
import { createSlots } from '../../../alerts/calendar/day.ts'
import { createFlowDetector } from '../../../alerts/unusual/detector/detector.ts'
import type { FlowBin, FlowFinding, FlowState, FlowVerdict } from '../../../alerts/unusual/detector/state.ts'
import { dayMs, minuteMs } from '../../../core/clock.ts'
import { createRandom, type Random } from '../../../devices/town/random.ts'
import { expectedPerMinute } from '../../../devices/town/rhythm.ts'

export interface SeriesOptions {
  readonly seed: string | number
  readonly flow?: 'resident' | 'road'
  readonly stepMin?: number
  readonly weeks?: number
  /** Of the town's door, of 42 tenants. */
  readonly scale?: number
  /** Variance beyond Poisson, as a part of the square of the mean. */
  readonly dispersion?: number
  /** Beside the usual: what the mean is multiplied with, and what is added to it. */
  readonly change?: (at: number) => { readonly times?: number; readonly plus?: number }
}

/** A Monday, in UTC, in which these series live unless they say otherwise. */
export const firstMonday = Date.UTC(2026, 2, 2)
export const weekMs = 7 * dayMs

/** Counts of one direction with the rhythm of the simulated town. */
export function makeSeries({
  seed,
  flow = 'resident',
  stepMin = 30,
  weeks = 12,
  scale = 4,
  dispersion = 0.02,
  change = () => ({}),
}: SeriesOptions): FlowBin[] {
  const random = createRandom('series', seed)
  const slotAt = createSlots('UTC', noCalendar)
  const bins: FlowBin[] = []
  for (let at = firstMonday; at < firstMonday + weeks * weekMs; at += stepMin * minuteMs) {
    const { weekday, minute } = slotAt(at)
    let mean = 0
    for (let ahead = 0; ahead < stepMin; ahead++)
      mean += scale * expectedPerMinute(flow, { weekday, minute: minute + ahead }, 'in')
    const { times = 1, plus = 0 } = change(at)
    bins.push({ at, count: count(random, mean * times + plus, dispersion) })
  }
  return bins
}

/** Negative binomial: a Poisson whose mean is gamma distributed (Marsaglia and Tsang 2000). */
function count(random: Random, mean: number, dispersion: number): number {
  if (dispersion === 0) return random.poisson(mean)
  const d = 1 / dispersion - 1 / 3
  for (;;) {
    const x = random.normal()
    const v = (1 + x / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return random.poisson(mean * d * v * dispersion)
  }
}

export interface Watched {
  readonly verdicts: FlowVerdict[]
  readonly findings: FlowFinding[]
  readonly state: FlowState
}

export interface WatchOptions {
  readonly stepMin?: number
  readonly budget?: number
  readonly slotAt?: ReturnType<typeof createSlots>
  readonly from?: FlowState | undefined
}

export function watch(
  bins: readonly FlowBin[],
  { stepMin = 30, budget = 1, slotAt = createSlots('UTC', noCalendar), from }: WatchOptions = {},
): Watched {
  const detector = createFlowDetector({ stepMin, budgetPerWeek: { high: budget, low: budget } })
  let state = from
  const verdicts: FlowVerdict[] = []
  const findings: FlowFinding[] = []
  for (const bin of bins) {
    const step = detector.next(state, bin, slotAt(bin.at))
    state = step.state
    verdicts.push(...step.verdicts)
    findings.push(...step.findings)
  }
  return { verdicts, findings, state: state! }
}

/** Episodes that began from some time on, by rule. */
export const begun = (findings: readonly FlowFinding[], rule: FlowFinding['rule'], from = 0) =>
  findings.filter(one => one.rule === rule && one.change === 'began' && one.episode.begin >= from)
