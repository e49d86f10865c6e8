import type { LocalSlot } from '../../alerts/calendar/day.ts'
import { createFlowDetector } from '../../alerts/unusual/detector/detector.ts'
import { closed, type Episode } from '../../alerts/unusual/detector/episode.ts'
import { flowParameters } from '../../alerts/unusual/detector/parameters.ts'
import type {
  FlowBin,
  FlowSettings,
  FlowSide,
  FlowState,
  FlowVerdict,
} from '../../alerts/unusual/detector/state.ts'

export interface Replayed {
  readonly episodes: readonly Episode[]
  /** By the start of the bin; the last short bins have none yet. */
  readonly verdicts: ReadonlyMap<number, FlowVerdict>
}

/** Passes bins through the detector one by one, as the service does. An episode still open ends with the last bin. */
export function replay(
  bins: readonly FlowBin[],
  settings: FlowSettings,
  slotAt: (at: number) => LocalSlot,
  side: FlowSide,
  parameters = flowParameters,
): Replayed {
  const detector = createFlowDetector(settings, parameters)
  const episodes: Episode[] = []
  const verdicts = new Map<number, FlowVerdict>()
  let state: FlowState | undefined
  for (const bin of bins) {
    const step = detector.next(state, bin, slotAt(bin.at))
    state = step.state
    for (const verdict of step.verdicts) verdicts.set(verdict.at, verdict)
    for (const { rule, change, episode } of step.findings)
      if (change === 'ended' && rule === `flow-${side}`) episodes.push(episode)
  }
  const open = state?.open[side]
  if (open !== undefined) episodes.push(closed(open))
  return { episodes, verdicts }
}
