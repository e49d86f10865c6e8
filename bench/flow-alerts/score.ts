import { dayMs, minuteMs } from '../../core/clock.ts'

/** A stretch of time, in milliseconds since the epoch: [begin, end). */
export interface Stretch {
  readonly begin: number
  readonly end: number
}

export interface FlowScore {
  readonly predictedPerWeek: number
  readonly detected: number
  readonly known: number
  /** Predicted, and touching no known event: the lists are partial, so not "false". */
  readonly unlabelledPerWeek: number
  /** Of the windows of the known events, moved by whole days, the share that is hit. */
  readonly chance: number
  /** The same of those alone that do not lie on the window of another known event. */
  readonly chanceElsewhere: number
}

const marginMs = 30 * minuteMs

/** A known event is detected if a predicted one overlaps its window: half an hour more on either side. */
export function scoreEvents(
  predicted: readonly Stretch[],
  known: readonly Stretch[],
  weeks: number,
): FlowScore {
  const overlap = (a: Stretch, b: Stretch) => a.begin < b.end && a.end > b.begin
  const windows = known.map(({ begin, end }) => ({ begin: begin - marginMs, end: end + marginMs }))
  const isHit = (window: Stretch) => predicted.some(one => overlap(one, window))
  const moved = [-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6].flatMap(days =>
    windows.map(({ begin, end }) => ({ begin: begin + days * dayMs, end: end + days * dayMs })),
  )
  const elsewhere = moved.filter(window => !windows.some(one => overlap(one, window)))
  const share = (of: readonly Stretch[]) => (of.length === 0 ? 0 : of.filter(isHit).length / of.length)
  return {
    predictedPerWeek: predicted.length / weeks,
    detected: windows.filter(isHit).length,
    known: known.length,
    unlabelledPerWeek: predicted.filter(one => !windows.some(window => overlap(one, window))).length / weeks,
    chance: share(moved),
    chanceElsewhere: share(elsewhere),
  }
}

/** Stretches that overlap are one. */
export function disjoint(stretches: readonly Stretch[]): Stretch[] {
  const sorted = [...stretches].sort((a, b) => a.begin - b.begin)
  const merged: Stretch[] = []
  for (const { begin, end } of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && begin < last.end)
      merged[merged.length - 1] = { begin: last.begin, end: Math.max(last.end, end) }
    else merged.push({ begin, end })
  }
  return merged
}
